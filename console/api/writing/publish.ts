/** Publishes a reading that a person has written, and tells where it lies. */
import { UnencodableError } from '@sluice/schema-registry'
import { dataWriterOf } from '../../../lib/app/data-writer.ts'
import { appendPlaced, type PublishedEvent, placed } from '../../../lib/operations/publish/publish.ts'
import { KeyFieldMissing, type KeyStrategy } from '../../../lib/telemetry/key.ts'
import { spanContextOf } from '../../../packages/runtime/cloudevents/trace.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { ProblemError } from '../problem.ts'

/** What is told of a reading that Kafka has taken. */
export interface Delivery {
  readonly id: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly key: string
  readonly traceparent: string
  readonly traceId: string
  /** Until all replicas had it, in milliseconds. */
  readonly elapsedMs: number
}

/** @throws ProblemError if the reading cannot be written; UnknownTopic, RefusedByKafka or Unavailable if Kafka does not take it */
export async function publishReading(
  event: Event,
  keyBy: KeyStrategy | undefined,
  environment: ConsoleEnvironment,
): Promise<Delivery> {
  const { config } = environment
  const { contentMode, keyBy: keyBySetting } = config
  const topic = environment.topic('readings')
  const publisher = await environment.publisher()
  const [partitions, writer] = await Promise.all([publisher.partitionsOf(topic), dataWriterOf(config)])
  const startedMs = performance.now()
  const published: PublishedEvent[] = []
  try {
    const record = placed(event, { topic, partitions, keyBy, keyBySetting, contentMode, writer })
    await appendPlaced(publisher, [record], published)
  } catch (error) {
    throw explained(error)
  }
  const [{ offset, ...place }] = published as [PublishedEvent]
  return {
    ...place,
    offset: offset as number,
    traceparent: event.extensions?.traceparent ?? '',
    traceId: spanContextOf(event.extensions)?.traceId ?? '',
    elapsedMs: Math.round(performance.now() - startedMs),
  }
}

function explained(error: unknown): unknown {
  const message = (error as Error).message
  if (error instanceof KeyFieldMissing) return new ProblemError('bad-request', `The key: ${message}.`)
  if (error instanceof UnencodableError)
    return new ProblemError('bad-request', `The reading cannot be written: ${message}.`)
  return error
}
