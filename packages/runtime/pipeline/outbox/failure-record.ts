/** Builds failure records. A failure record contains the unchanged bytes of the failed record and the reason of the failure. */
import { parseTime } from '../../cloudevents/attributes.ts'
import { fromBase64, toBase64 } from '../../cloudevents/header-bytes.ts'
import { estimateSize, type LogRecord } from '../../cloudevents/record.ts'
import {
  findOriginal,
  originalHeaders,
  type RedriveTarget,
  readRedriveHistory,
  readRedriveTarget,
} from '../../cloudevents/redrive.ts'
import { remedyFor } from '../../consumer/application.ts'
import { derivedId } from '../../consumer/derived-id.ts'
import type { Event } from '../../consumer/event.ts'
import { type Failure, failure, isUnexpected } from '../../consumer/failure-codes.ts'
import {
  type FailureData,
  failureId,
  type LogPosition,
  listPositionParts,
  type RecordPart,
} from '../../consumer/failure-event.ts'
import { instant } from '../../consumer/instant.ts'
import { omitUndefined } from '../../consumer/omit-undefined.ts'
import { computeProducerGroup, type RememberedFailure } from '../model/failure-memory.ts'
import { computeDigest } from '../model/fingerprint.ts'
import type { EntityTimer, OutboxEntry, StateKey } from '../model/partition-state.ts'
import { createFailureEntry, type Sender } from './entries.ts'
import { fitsItsTopic } from './outgoing-record.ts'
import { type EmissionPosition, parsePosition } from './position.ts'

/** Returns the failure to remember for a record. It is either a new failure or the next attempt at an earlier one. */
export function createRememberedFailure(
  consumer: string,
  { record }: { readonly record: LogRecord },
  earlier: RememberedFailure | undefined,
  failedAtMs: number,
): RememberedFailure {
  if (earlier) {
    const { isReopened: _, attempt, ...failure } = earlier
    return { ...failure, attempt: attempt + 1, isOpen: true, failedAtMs }
  }
  const firstFailedAt = instant(record.readAtMs ?? record.timestampMs)
  return { ...openFailure(record, failedAtMs), id: failureId(consumer, record), attempt: 1, firstFailedAt }
}

/** Returns the failure that the first redrive of a record of another application retries. */
export function createForeignFailure(
  record: LogRecord,
  redriveTarget: RedriveTarget,
  failedAtMs: number,
): RememberedFailure {
  const { failure: id, attempt } = redriveTarget
  const firstFailedAt = readRedriveHistory(record)[0]?.failedAt ?? instant(record.timestampMs)
  const original = findOriginal(record, redriveTarget)
  return { ...openFailure(original, failedAtMs), id, attempt: attempt - 1, firstFailedAt }
}

function openFailure(record: LogRecord, failedAtMs: number) {
  const { partition, offset } = record
  const [digest, producerGroup] = [computeDigest(record), computeProducerGroup(record)]
  return { partition, offset, digest, producerGroup, isOpen: true, failedAtMs }
}

/** Maximum length of a failure message including its remedy, in characters. A longer message is truncated. */
const MAX_ERROR_LENGTH = 1_000

type RecordPlace = Pick<LogRecord, 'topic' | 'partition' | 'offset'>

/**
 * Builds the failure record. Because of base64, it can exceed the size limit of its topic. In that case the value, the headers and
 * the key are omitted, in this order, and the message names the omitted parts.
 */
export function createFailureRecord(
  sender: Sender,
  record: LogRecord,
  failed: Failure,
  failure: RememberedFailure,
  cause: Event | undefined,
  at: EmissionPosition,
  {
    failedAtMs = record.readAtMs ?? record.timestampMs,
    parks = false,
  }: { readonly failedAtMs?: number; readonly parks?: boolean } = {},
): OutboxEntry {
  const { code, message, receivers: left } = failed
  const { attempt, firstFailedAt } = failure
  const { name: consumer } = sender.process
  const logOnlyParts = listLogOnlyParts(record)
  const redriveTarget = readRedriveTarget(record)
  const receivers = left ?? redriveTarget?.receivers
  const { topic, log, timestampMs } = describeFirst(record, failure, redriveTarget)
  const id = failureEventId(consumer, { topic, log }, failure)
  let data: FailureData = {
    originalTopic: topic,
    originalPartition: failure.partition,
    originalOffset: failure.offset,
    ...omitUndefined({ originalLog: log }),
    originalTimestamp: timestampMs,
    originalKey: logOnlyParts.includes('key') ? null : toBase64(record.key),
    originalValue: logOnlyParts.includes('value') ? null : toBase64(record.value),
    originalHeaders: originalHeaders(record).map(([name, value]) => ({ name, value: toBase64(value) })),
    error: `${message}${remedyFor(sender.application, failed, topic)}`.slice(0, MAX_ERROR_LENGTH),
    errorType: code,
    consumer,
    attempt,
    firstFailedAt,
    failedAt: instant(failedAtMs),
    history: attempt === 1 ? [] : readRedriveHistory(record),
    omitted: logOnlyParts,
    // A record with omitted parts cannot be retried, so no event waits for it.
    parks: parks && logOnlyParts.length === 0,
    ...omitUndefined({ receivers }),
  }
  let entry = createFailureEntry(sender, id, at, data, cause)
  const omitted: RecordPart[] = [...logOnlyParts]
  for (const [part, nothing] of LEFT_BEHIND) {
    if (fitsItsTopic(entry, sender, ROUTING_BYTES)) break
    if (!omitted.includes(part)) omitted.push(part)
    const error = `${message}; too large for a failure record, and available only at its position in the log: ${omitted.join(', ')}`
    data = { ...data, ...nothing, omitted, error, parks: false }
    // Drop the cause as well: its attributes, such as the trace context, may be too large.
    entry = createFailureEntry(sender, id, at, data, undefined)
  }
  return entry
}

/** Returns topic, log and timestamp of a record at its first attempt. */
export function describeFirst(
  record: LogRecord,
  { attempt, firstFailedAt }: Pick<RememberedFailure, 'attempt' | 'firstFailedAt'>,
  redriveTarget = readRedriveTarget(record),
): Pick<LogRecord, 'topic' | 'log' | 'timestampMs'> {
  if (attempt === 1) return record
  const original = findOriginal(record, redriveTarget)
  // The failure of a record of the application was first timed by the timestamp of the record.
  return original === record ? { ...record, timestampMs: Date.parse(firstFailedAt) } : original
}

/** Returns the parts of a record whose original bytes are available only in the log. */
function listLogOnlyParts({ oversizeBytes, decodedByLambda }: LogRecord): readonly RecordPart[] {
  const { key, value } = decodedByLambda ?? {}
  return [
    ...(key ? (['key'] as const) : []),
    ...(value || oversizeBytes !== undefined ? (['value'] as const) : []),
  ]
}

export function failureEventId(
  consumer: string,
  { topic, log }: Pick<LogPosition, 'topic' | 'log'>,
  { id, partition, offset, attempt }: Pick<RememberedFailure, 'id' | 'partition' | 'offset' | 'attempt'>,
): string {
  if (attempt === 1) return id
  return derivedId('failure', consumer, ...listPositionParts({ topic, partition, offset, log }), attempt)
}

/**
 * Returns the approximate size of a failure record, in bytes. It consists of the failed record in base64, the attributes and the
 * message.
 */
export function failureRecordBytes(record: LogRecord): number {
  return FAILURE_RECORD_BYTES + Math.ceil((estimateSize(record) * 4) / 3)
}

/**
 * Approximate size of a failure record without the bytes of the failed record, in bytes: attributes, and a
 * message of up to 1,000 characters.
 */
export const FAILURE_RECORD_BYTES = 2048

/** Maximum number of bytes that routing adds to a failure record. All target topics have the same size limit. */
const ROUTING_BYTES = 1_024

const LEFT_BEHIND: readonly (readonly [part: RecordPart, nothing: Partial<FailureData>])[] = [
  ['value', { originalValue: null }],
  ['headers', { originalHeaders: [] }],
  ['key', { originalKey: null }],
]

/** Returns the failure of a timer whose step has failed. It is not retried and cannot be redriven. */
export function createTimerFailure(
  { entity, timer }: EntityTimer,
  { code, message, place, safeMessage }: Failure,
): Failure {
  const named = `timer "${timer.name}" of ${entity}, due ${instant(timer.dueMs)}`
  return {
    ...failure(isUnexpected(code) ? 'timer-failed' : 'timer-rejected', `${named}: ${message}`),
    ...(place ? { place } : {}),
    ...(safeMessage ? { safeMessage } : {}),
  }
}

/** Returns the failure record of a timer. It has the position, but not the bytes, of the record that made the timer fire. */
export function createTimerFailureRecord(
  sender: Sender,
  { timer }: EntityTimer,
  { topic, partition, offset, timestampMs }: LogRecord,
  failed: Failure,
  at: EmissionPosition,
): OutboxEntry {
  const consumer = sender.process.name
  const data = withoutBytes(consumer, { topic, partition, offset, timestampMs }, instant(timestampMs), failed)
  return createFailureEntry(sender, timerFailureId(consumer, timer), at, data, { extensions: timer.trace })
}

/** Returns the id of the failure event of a timer. */
export function timerFailureId(consumer: string, { id }: EntityTimer['timer']): string {
  return derivedId('failed-timer', consumer, id)
}

/**
 * Returns a small failure record that replaces an outbox entry which Kafka permanently refuses. If that entry is itself a failure
 * record, the replacement has the same id but omits the bytes.
 */
export function createRefusedFailureRecord(
  sender: Sender,
  { topic, partition }: StateKey,
  { event, to, position }: OutboxEntry,
  why: string,
): OutboxEntry {
  const consumer = sender.process.name
  // Without an origin: it follows failure records with higher sequences, and must not count as a repeat.
  const at = parsePosition(position)
  const refused = failure('emission-refused', `a ${event.type} to ${to}: ${why}`)
  if (event.type === sender.application.failureEvent.type) {
    const data = event.data as FailureData
    const { message: error } = failure(
      'emission-refused',
      `${data.error}; without its bytes: ${refused.message}`,
    )
    return createFailureEntry(sender, event.id, at, { ...data, ...NO_BYTES, error }, undefined)
  }
  const failedAt = event.time ?? instant(0)
  const place = { topic, partition, offset: at.offset, timestampMs: parseTime(failedAt) }
  const id = derivedId('refused', consumer, topic, partition, position)
  return createFailureEntry(sender, id, at, withoutBytes(consumer, place, failedAt, refused), event)
}

const NO_BYTES = {
  originalKey: null,
  originalValue: null,
  originalHeaders: [],
  omitted: ['key', 'value', 'headers'],
} as const

/** Returns the failure data of a first failure. The data contains the position of the record, but not its bytes. */
function withoutBytes(
  consumer: string,
  { topic, partition, offset, timestampMs }: RecordPlace & Pick<LogRecord, 'timestampMs'>,
  failedAt: string,
  { code, message }: Failure,
): FailureData {
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
    history: [],
    parks: false,
  }
}

/** Returns the record that a failure record contains. */
export function restoreFailedRecord(data: FailureData): LogRecord {
  return {
    topic: data.originalTopic,
    partition: data.originalPartition,
    offset: data.originalOffset,
    timestampMs: data.originalTimestamp,
    key: fromBase64(data.originalKey),
    value: fromBase64(data.originalValue),
    headers: data.originalHeaders.map(({ name, value }) => [name, fromBase64(value)] as const),
    ...omitUndefined({ log: data.originalLog }),
  }
}
