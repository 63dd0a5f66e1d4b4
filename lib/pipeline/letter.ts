/** The letter of a failure: what could not be processed, byte for byte, and why. */
import { createHash } from 'node:crypto'
import { parseTime } from '../cloudevents/attributes.ts'
import { bufferOf } from '../cloudevents/header-bytes.ts'
import type { LogRecord } from '../cloudevents/record.ts'
import { originalHeaders } from '../cloudevents/redrive.ts'
import { derivedId } from '../domain/derived-id.ts'
import type { Event } from '../domain/event.ts'
import { type Fault, fault, isUnexpected } from '../domain/failure/codes.ts'
import { FAILURE_TYPE, type Failure } from '../domain/failure/failure.ts'
import { instant } from '../domain/instant.ts'
import type { Consumer } from './consumer.ts'
import { failureEntry, type Place, placeOf } from './emission.ts'
import type { OutboxEntry, RememberedFailure, Slot } from './ports.ts'
import { fitsItsTopic } from './publish.ts'
import type { EntityTimer } from './timers.ts'

/** Who writes failure records, where to, and in which mode. */
export type Sender = Pick<Consumer, 'failuresTo' | 'contentMode'> & {
  readonly process: { readonly name: string }
}

/** The failure of a record as it is remembered: a new one, or the next attempt at an earlier one. */
export function failureOf(
  consumer: string,
  record: LogRecord,
  earlier: RememberedFailure | undefined,
  failedAtMs: number,
): RememberedFailure {
  if (earlier) return { ...earlier, attempt: earlier.attempt + 1, isOpen: true, failedAtMs }
  const { partition, offset } = record
  return {
    id: failureId(consumer, record),
    partition,
    offset,
    attempt: 1,
    digest: digestOf(record),
    isOpen: true,
    firstFailedAt: instant(record.timestampMs),
    failedAtMs,
  }
}

/** The id of a record's failure, the same for all attempts: it follows from where the record was first. */
export function failureId(consumer: string, { topic, partition, offset }: RecordPlace): string {
  return derivedId('failure', consumer, topic, partition, offset)
}

type RecordPlace = Pick<LogRecord, 'topic' | 'partition' | 'offset'>

/**
 * Of the bytes that a producer wrote: by it a redriven record is known to be what failed. Headers count in the order of
 * their names: Kafka keeps the order in which they were written, but the clients by which a record comes back do not.
 */
export function digestOf(record: Pick<LogRecord, 'key' | 'value' | 'headers'>): string {
  const hash = createHash('sha256')
  const add = (bytes: Buffer | null) => hash.update(`${bytes?.length ?? 'null'}:`).update(bytes ?? '')
  add(record.key)
  add(record.value)
  const headers = [...originalHeaders(record)].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  for (const [name, value] of headers) {
    add(Buffer.from(name))
    add(bufferOf(value))
  }
  return hash.digest().toString('base64url', 0, 12)
}

/**
 * The letter of a record. Near the limit of its topic, base64 makes it too large: then value, headers and key stay
 * away, in this order, as far as needed, and the message says where they are.
 */
export function recordLetter(
  { process: { name: consumer }, failuresTo, contentMode }: Sender,
  record: LogRecord,
  { code, message }: Fault,
  failure: RememberedFailure,
  cause: Event | undefined,
  at: Place,
): OutboxEntry {
  const { attempt, firstFailedAt } = failure
  const id =
    attempt === 1
      ? failure.id
      : derivedId('failure', consumer, record.topic, failure.partition, failure.offset, attempt)
  let data: Failure = {
    originalTopic: record.topic,
    originalPartition: failure.partition,
    originalOffset: failure.offset,
    // A failure is of its record's time: of one that came back, this tells when it was first written.
    originalTimestamp: attempt === 1 ? record.timestampMs : Date.parse(firstFailedAt),
    originalKey: record.key?.toString('base64') ?? null,
    originalValue: record.value?.toString('base64') ?? null,
    originalHeaders: originalHeaders(record).map(([name, value]) => ({
      name,
      value: bufferOf(value).toString('base64'),
    })),
    error: message,
    errorType: code,
    consumer,
    attempt,
    firstFailedAt,
    failedAt: instant(record.timestampMs),
  }
  let made = failureEntry(id, failuresTo, at, data, cause)
  const left: string[] = []
  for (const [part, nothing] of LEFT_BEHIND) {
    if (fitsItsTopic(made, contentMode)) break
    left.push(part)
    const error = `${message}; too large for a letter, and to be found only at its place in the log: ${left.join(', ')}`
    data = { ...data, ...nothing, error }
    // A cause has attributes of its own, trace context among them, which may be what is too large.
    made = failureEntry(id, failuresTo, at, data, undefined)
  }
  return made
}

const LEFT_BEHIND: readonly (readonly [part: string, nothing: Partial<Failure>])[] = [
  ['value', { originalValue: null }],
  ['headers', { originalHeaders: [] }],
  ['key', { originalKey: null }],
]

/** The fault of a timer whose step failed: it is not tried again, and has no record that could be. */
export function timerFault({ entity, timer }: EntityTimer, { code, message, place, mistake }: Fault): Fault {
  const named = `timer "${timer.name}" of ${entity}, due ${instant(timer.dueMs)}`
  return {
    ...fault(isUnexpected(code) ? 'timer-failed' : 'timer-rejected', `${named}: ${message}`),
    ...(place ? { place } : {}),
    ...(mistake ? { mistake } : {}),
  }
}

/** The letter of a timer. It has the place of the record that let the timer fire, and none of its bytes. */
export function timerLetter(
  { process: { name: consumer }, failuresTo }: Sender,
  { timer }: EntityTimer,
  { topic, partition, offset, timestampMs }: LogRecord,
  failed: Fault,
  at: Place,
): OutboxEntry {
  const data = withoutBytes(consumer, { topic, partition, offset, timestampMs }, instant(timestampMs), failed)
  return failureEntry(derivedId('failed-timer', consumer, timer.id), failuresTo, at, data, {
    extensions: timer.trace,
  })
}

/**
 * What leaves in the place of an entry that Kafka refuses for good: a failure record that fits anywhere. If the entry was a
 * failure record itself, it stays the same one, without the bytes.
 */
export function refusedEntryFailure(
  { process: { name: consumer }, failuresTo }: Sender,
  { topic, partition }: Slot,
  { event, to, position }: OutboxEntry,
  why: string,
): OutboxEntry {
  const at = placeOf(position)
  const refused = fault('emission-refused', `a ${event.type} to ${to}: ${why}`)
  if (event.type === FAILURE_TYPE) {
    const data = event.data as Failure
    const { message: error } = fault(
      'emission-refused',
      `${data.error}; without its bytes: ${refused.message}`,
    )
    return failureEntry(event.id, failuresTo, at, { ...data, ...NO_BYTES, error }, undefined)
  }
  const failedAt = event.time ?? instant(0)
  const place = { topic, partition, offset: at.offset, timestampMs: parseTime(failedAt) }
  const id = derivedId('refused', consumer, topic, partition, position)
  return failureEntry(id, failuresTo, at, withoutBytes(consumer, place, failedAt, refused), event)
}

const NO_BYTES = { originalKey: null, originalValue: null, originalHeaders: [] }

/** A first failure that has the place of a record, and none of its bytes. */
function withoutBytes(
  consumer: string,
  { topic, partition, offset, timestampMs }: RecordPlace & Pick<LogRecord, 'timestampMs'>,
  failedAt: string,
  { code, message }: Fault,
): Failure {
  return {
    originalTopic: topic,
    originalPartition: partition,
    originalOffset: offset,
    originalTimestamp: timestampMs,
    ...NO_BYTES,
    error: message,
    errorType: code,
    consumer,
    attempt: 1,
    firstFailedAt: failedAt,
    failedAt,
  }
}
