/** What leaves a consumer: emissions become events whose id, time and place follow from their cause alone. */

import type { LogRecord } from '../cloudevents/record.ts'
import { continuedTrace } from '../cloudevents/trace.ts'
import { dataschemaOf } from '../domain/dataschema.ts'
import { derivedId } from '../domain/derived-id.ts'
import { type Event, type Received, timeOf } from '../domain/event.ts'
import type { Fault } from '../domain/failure/codes.ts'
import { FAILURE_TYPE, type Failure } from '../domain/failure/failure.ts'
import type { Emission } from '../domain/process.ts'
import type { Signal } from '../domain/topics.ts'
import type { OutboxEntry } from './ports.ts'
import { fitsItsTopic } from './publish.ts'

/** How often the topic's partitions were laid out anew; a reader of last values compares it first. */
const PARTITIONING_GENERATION = 0

/** The event of an emission, placed in the outbox. `index` counts what its record emitted so far. */
export function emitted(
  consumer: string,
  emission: Emission,
  cause: Received,
  offset: number,
  index: number,
): OutboxEntry {
  const id = derivedId('emission', consumer, cause.source, cause.id, emission.name)
  const { to, key, name: _, ...attributes } = emission
  return entry(to, key, offset, index, {
    ...attributes,
    id,
    time: timeOf(cause),
    datacontenttype: 'application/json',
    extensions: continuedTrace(cause, id),
  })
}

/**
 * The failure event of a record: its bytes as they came, and why it failed. Near the limit of its topic, base64 makes it
 * too large: then value, headers and key stay away, in this order, as far as needed, and the message says where they are.
 */
export function failed(
  consumer: string,
  to: Signal,
  record: LogRecord,
  { code, message }: Fault,
  cause: Event | undefined,
): OutboxEntry {
  const { topic, partition, offset } = record
  const id = derivedId('failure', consumer, topic, partition, offset)
  let data = failure(consumer, record, { code, message })
  let made = failureEntry(id, to, record, data, cause)
  const left: string[] = []
  for (const [part, nothing] of LEFT_BEHIND) {
    if (fitsItsTopic(made)) break
    left.push(part)
    const error = `${message}; too large for a letter, and to be found only at its place in the log: ${left.join(', ')}`
    data = { ...data, ...nothing, error }
    // A cause has attributes of its own, trace context among them, which may be what is too large.
    made = failureEntry(id, to, record, data, undefined)
  }
  return made
}

const LEFT_BEHIND: readonly (readonly [part: string, nothing: Partial<Failure>])[] = [
  ['value', { originalValue: null }],
  ['headers', { originalHeaders: [] }],
  ['key', { originalKey: null }],
]

function failure(consumer: string, record: LogRecord, { code, message }: Fault): Failure {
  const at = new Date(record.timestampMs).toISOString()
  return {
    originalTopic: record.topic,
    originalPartition: record.partition,
    originalOffset: record.offset,
    originalTimestamp: record.timestampMs,
    originalKey: record.key?.toString('base64') ?? null,
    originalValue: record.value?.toString('base64') ?? null,
    originalHeaders: record.headers.map(([name, value]) => ({ name, value: value.toString('base64') })),
    error: message,
    errorType: code,
    consumer,
    attempt: 1,
    firstFailedAt: at,
    failedAt: at,
  }
}

function failureEntry(
  id: string,
  to: Signal,
  { offset }: LogRecord,
  data: Failure,
  cause: Event | undefined,
): OutboxEntry {
  return entry(to, data.originalKey === null ? null : { base64: data.originalKey }, offset, 0, {
    id,
    source: `/consumers/${data.consumer}`,
    type: FAILURE_TYPE,
    subject: `${data.originalTopic}/${data.originalPartition}/${offset}`,
    time: data.failedAt,
    datacontenttype: 'application/json',
    dataschema: dataschemaOf(FAILURE_TYPE),
    data,
    extensions: cause ? continuedTrace(cause, id) : {},
  })
}

function entry(
  to: Signal,
  key: OutboxEntry['key'],
  offset: number,
  index: number,
  event: Event,
): OutboxEntry {
  const position = [PARTITIONING_GENERATION, padded(offset, 16), padded(index, 4)].join('.')
  // CloudEvents "Sequence" extension: compared as strings, these are in order.
  const extensions = { ...event.extensions, sequence: position }
  return { position, to, key, event: { ...event, extensions } }
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, '0')
}
