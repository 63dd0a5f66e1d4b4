/** Publishes a reading that a user has entered. The reading is first validated in the same way as by a consumer. */
import { UnencodableError } from '@sluice/schema-registry'
import { dataWriterOf } from '../../lib/app/data-writer.ts'
import { readData } from '../../lib/app/event-data.ts'
import { signalOfSource } from '../../lib/app/topics.ts'
import { appendPlaced, type PublishedEvent, placed } from '../../lib/operations/publish/publish.ts'
import { familyOf } from '../../lib/telemetry/families.ts'
import { isFailure } from '../../packages/runtime/cloudevents/event.ts'
import { isInexact, parseExact } from '../../packages/runtime/cloudevents/exact-json.ts'
import { readJsonEvent } from '../../packages/runtime/cloudevents/json-format.ts'
import { isTraceparent, spanContextOf, startedTrace } from '../../packages/runtime/cloudevents/trace.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import { ProblemError } from './problem.ts'

/**
 * Returns the reading in a text, which is a CloudEvent in the JSON format. A new trace is started if it has none.
 *
 * @param missing attributes that are added if the text lacks them
 * @throws ProblemError if the text is not an event, or if a consumer would reject the reading
 */
export function writtenEvent(text: string, missing: { readonly id: string; readonly time: string }): Event {
  const document = parsed(text)
  const isObject = typeof document === 'object' && document !== null && !Array.isArray(document)
  const event = readJsonEvent(isObject ? { ...missing, ...document } : document)
  if (isFailure(event)) throw refused(`The text is not a CloudEvent: ${event.message}.`)
  if (!familyOf(event.type))
    throw refused('type: must be the type of a reading, such as io.sluice.environment.reading.v1.')
  const checked = readData(event)
  if (checked.kind === 'failure') throw refused(`The reading does not match its schema: ${checked.message}.`)
  const { traceparent } = event.extensions ?? {}
  if (traceparent === undefined)
    return { ...event, extensions: { ...event.extensions, ...startedTrace(event) } }
  if (!isTraceparent(traceparent))
    throw refused(
      'traceparent: must have the W3C Trace Context format 00-<32 hex digits>-<16 hex digits>-<2 hex digits>, in lower case.',
    )
  return event
}

function parsed(text: string): unknown {
  try {
    return parseExact(text)
  } catch (error) {
    throw refused(isInexact(error) ? `The text cannot be read: ${error.message}.` : 'The text is not JSON.')
  }
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
  readonly traceId: string
  /** Time until all replicas acknowledged the record, in milliseconds. */
  readonly elapsedMs: number
}

/**
 * Publishes a reading.
 *
 * @throws ProblemError if it cannot be encoded; UnknownTopic, RefusedByKafka or Unavailable if Kafka rejects it
 */
export async function publishReading(event: Event, environment: ConsoleEnvironment): Promise<Delivery> {
  const { config } = environment
  const { contentMode, keyBy: keyBySetting } = config
  const topic = environment.topic(signalOfSource('readings', event.source))
  const publisher = await environment.publisher()
  const [partitions, writer] = await Promise.all([publisher.partitionsOf(topic), dataWriterOf(config)])
  const startedMs = performance.now()
  const published: PublishedEvent[] = []
  try {
    const record = placed(event, { topic, partitions, keyBySetting, contentMode, writer })
    await appendPlaced(publisher, [record], published)
  } catch (error) {
    if (error instanceof UnencodableError) throw refused(`The reading cannot be published: ${error.message}.`)
    throw error
  }
  const [{ offset, ...place }] = published as [PublishedEvent]
  return {
    ...place,
    offset: offset as number,
    traceId: spanContextOf(event.extensions)?.traceId ?? '',
    elapsedMs: Math.round(performance.now() - startedMs),
  }
}
