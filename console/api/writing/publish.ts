/** Publishes a reading that a user has entered. The reading is first validated in the same way as by a consumer. */
import { UnencodableError } from '@sluice/schema-registry'
import { dataWriterOf } from '../../../lib/app/data-writer.ts'
import { readData } from '../../../lib/app/event-data.ts'
import { signalOfSource } from '../../../lib/app/topics.ts'
import { appendPlaced, type PublishedEvent, placed } from '../../../lib/operations/publish/publish.ts'
import { FAMILIES, type FamilyName, type ReadingData } from '../../../lib/telemetry/families.ts'
import { KeyFieldMissing, type KeyStrategy } from '../../../lib/telemetry/key.ts'
import { reading } from '../../../lib/telemetry/reading.ts'
import { isFailure } from '../../../packages/runtime/cloudevents/event.ts'
import { readJsonEvent, toJsonEvent } from '../../../packages/runtime/cloudevents/json-format.ts'
import { isTraceparent, spanContextOf, startedTrace } from '../../../packages/runtime/cloudevents/trace.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { ProblemError } from '../problem.ts'

export interface WrittenReading {
  readonly family: FamilyName
  readonly data: ReadingData
  readonly id: string
  /** Event time, RFC 3339. */
  readonly time: string
  /** Trace context of the event. A new trace is started if omitted. */
  readonly traceparent?: string | undefined
}

/** Returns the event of a reading. @throws ProblemError if a consumer would reject it */
export function writtenEvent({ family: name, data, id, time, traceparent }: WrittenReading): Event {
  const family = FAMILIES[name]
  const checked = readData({ type: family.type, data } as Event)
  if (checked.kind === 'failure') throw refused(`The reading does not match its schema: ${checked.message}.`)
  if (traceparent !== undefined && !isTraceparent(traceparent))
    throw refused(
      'traceparent: must have the W3C Trace Context format 00-<32 hex digits>-<16 hex digits>-<2 hex digits>, in lower case.',
    )
  const event = reading(family, id, time, data)
  const traced = {
    ...event,
    extensions: traceparent === undefined ? startedTrace(event) : { traceparent },
  }
  const read = readJsonEvent(JSON.parse(JSON.stringify(toJsonEvent(traced))))
  if (isFailure(read)) throw refused(`The reading is not a CloudEvent: ${read.message}.`)
  return traced
}

function refused(message: string): ProblemError {
  return new ProblemError('bad-request', message)
}

/** Result of publishing a reading. */
export interface Delivery {
  readonly id: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly key: string
  readonly traceparent: string
  readonly traceId: string
  /** Time until all replicas acknowledged the record, in milliseconds. */
  readonly elapsedMs: number
}

/**
 * Publishes a reading.
 *
 * @throws ProblemError if it cannot be encoded; UnknownTopic, RefusedByKafka or Unavailable if Kafka rejects it
 */
export async function publishReading(
  event: Event,
  keyBy: KeyStrategy | undefined,
  environment: ConsoleEnvironment,
): Promise<Delivery> {
  const { config } = environment
  const { contentMode, keyBy: keyBySetting } = config
  const topic = environment.topic(signalOfSource('readings', event.source))
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
  if (error instanceof KeyFieldMissing)
    return new ProblemError('bad-request', `The record key is missing: ${message}.`)
  if (error instanceof UnencodableError)
    return new ProblemError('bad-request', `The reading cannot be published: ${message}.`)
  return error
}
