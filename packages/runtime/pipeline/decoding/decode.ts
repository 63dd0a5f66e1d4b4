/**
 * Step 2: turns a record into a validated CloudEvent with its fingerprint, or into a failure with a code. Pure: nothing is fetched.
 * If a schema is not loaded yet, the record must wait for it.
 */

import { parseTime } from '../../cloudevents/attributes.ts'
import { isFailure } from '../../cloudevents/event.ts'
import { readableValue } from '../../cloudevents/lambda-schema.ts'
import { readAnyEvent } from '../../cloudevents/reader.ts'
import type { LogRecord } from '../../cloudevents/record.ts'
import { type RedriveTarget, readRedriveTarget } from '../../cloudevents/redrive.ts'
import type { Application, IgnoredRecord } from '../../consumer/application.ts'
import { type Event, formatEntity, type Received } from '../../consumer/event.ts'
import { type Failure, failure, unexpectedFailure } from '../../consumer/failure-codes.ts'
import { instant } from '../../consumer/instant.ts'
import { contextTypes, type PartitionContext } from '../../consumer/process.ts'
import { type Consumer, computeEarliestMs } from '../consumer.ts'
import { findUnprepared } from '../errors.ts'
import type { EndedFailure } from '../model/failure-memory.ts'
import { type Fingerprint, fingerprint, NESTED_TOO_DEEPLY } from '../model/fingerprint.ts'
import { largeAttribute } from '../model/limits.ts'
import type { IgnoredReason } from '../model/reasons.ts'

export interface Healthy extends Origin {
  readonly kind: 'event'
  readonly event: Received
  readonly fingerprint: Fingerprint
  /** Set if the event is a tick and the process accepts ticks. */
  readonly isTick?: true
}

interface Origin {
  readonly record: LogRecord
  readonly redriveTarget?: RedriveTarget
}

export type Decoded =
  | Healthy
  | (Origin & {
      readonly kind: 'ignored'
      readonly event?: Event
      readonly reason: IgnoredReason
      /** Set if the event marks the retries of a failure of this consumer as ended. */
      readonly endedFailure?: EndedFailure
    })
  | (Origin & { readonly kind: 'failed'; readonly event?: Event; readonly failure: Failure })

const NO_TIME =
  'the record has no timestamp (-1), and the event has no "time": let the producer write one of them'

type Expectations = Pick<
  Consumer,
  'application' | 'reader' | 'futureToleranceMs' | 'earliestTimeMs' | 'oldestMs' | 'sinceMs'
> & {
  readonly process: {
    readonly name: string
    readonly accepts: readonly string[]
    readonly context?: Pick<PartitionContext<unknown>, 'setBy'>
  }
}

/**
 * Decodes a record. A record that cannot be decoded becomes a failure.
 *
 * @throws Unavailable if a schema must be fetched first; no other error is thrown
 */
export function decode(record: LogRecord, consumer: Expectations): Decoded {
  // Nothing is redriven into a log of another application. Such headers were copied with the record.
  const redriveTarget = record.readAtMs === undefined ? readRedriveTarget(record) : undefined
  if (redriveTarget && redriveTarget.consumer !== consumer.process.name)
    return { kind: 'ignored', record, redriveTarget, reason: 'redriven-for-another' }
  if (consumer.sinceMs !== undefined && record.timestampMs < consumer.sinceMs)
    return { kind: 'ignored', record, reason: 'before-start' }
  return { record, ...(redriveTarget ? { redriveTarget } : {}), ...read(record, consumer, redriveTarget) }
}

/** `Decoded` without the fields that are known before the record is decoded. */
type Content = WithoutOrigin<Decoded>
type WithoutOrigin<D> = D extends Decoded ? Omit<D, keyof Origin> : never

function read(record: LogRecord, consumer: Expectations, redriveTarget: RedriveTarget | undefined): Content {
  try {
    const { application } = consumer
    const sent = readAnyEvent(record, application.takesWholeEvents)
    const event = readForeign(record, sent, application, redriveTarget)
    if ('reason' in event) return event
    if (isFailure(event)) return { kind: 'failed', failure: event }
    return decodeEvent(record, event, consumer, redriveTarget?.place?.timestampMs)
  } catch (error) {
    if (findUnprepared(error)) throw error
    return { kind: 'failed', failure: unexpectedFailure(error) }
  }
}

/** Returns the event that the application makes from a record in a foreign format. For any other record, returns `read`. */
function readForeign(
  record: LogRecord,
  read: Event | Failure,
  application: Pick<Application, 'readForeign' | 'readsMalformed'>,
  redriveTarget: RedriveTarget | undefined,
): Event | Failure | IgnoredRecord {
  const isForeign = isFailure(read)
  if (!application.readForeign) return read
  if (isForeign && read.code !== 'not-a-cloudevent' && !application.readsMalformed) return read
  // The id of a foreign event may be derived from the position of its record. For a redriven record, the position of the failed
  // record is used, so that the event keeps its id.
  const value = readableValue(record)
  const written =
    redriveTarget?.place || value !== record.value ? { ...record, ...redriveTarget?.place, value } : record
  return application.readForeign(written, isForeign ? undefined : read) ?? read
}

/** @param writtenMs append time of the record that failed, for a redriven record */
function decodeEvent(
  record: LogRecord,
  sent: Event,
  consumer: Expectations,
  writtenMs = record.timestampMs,
): Content {
  const { application, futureToleranceMs, process } = consumer
  const event = readPlain(record, sent, consumer)
  if (event === undefined) return { kind: 'ignored', event: sent, reason: ignoredReason(sent, consumer) }
  if (isFailure(event)) return toFailedContent(sent, event)
  const read = application.readData(event)
  if (read.kind === 'failure') return toFailedContent(event, read)
  if (event.type === application.tickType) return decodeTick(record, event, process)
  if (event.type === application.failureEndedType && !process.accepts.includes(event.type))
    return decodeFailureEnded(event, read.data, process)
  if (!isWanted(event, consumer)) return { kind: 'ignored', event, reason: ignoredReason(event, consumer) }
  const timeMs = event.time === undefined ? writtenMs : parseTime(event.time)
  const large = largeAttribute(event)
  if (large) return toFailedContent(event, failure('attributes-too-large', large))
  const { readAtMs } = record
  if (event.time === undefined && writtenMs < 0)
    return toFailedContent(event, failure('time-too-early', NO_TIME))
  const named = event.time === undefined ? "the record's timestamp" : '"time"'
  const aheadMs = timeMs - (readAtMs ?? record.timestampMs)
  // If an event from a fast clock were accepted, all later events of its entity would appear late.
  if (aheadMs > futureToleranceMs)
    return toFailedContent(event, {
      ...failure(
        'time-in-future',
        `${named} is ${formatAhead(aheadMs)} later than ${readAtMs === undefined ? "the record's timestamp" : 'the clock of the consumer'}`,
      ),
      ...(event.time === undefined ? {} : { aheadMs }),
    })
  // If such an event were accepted, all timers between its time and the entity's next event would be due at once.
  const earliestMs = computeEarliestMs(consumer, writtenMs)
  if (timeMs < earliestMs)
    return toFailedContent(event, failure('time-too-early', `${named} is before ${instant(earliestMs)}`))
  // Copy the bytes: a process may modify its data, but the record must not change.
  const data = Buffer.isBuffer(read.data) ? Buffer.from(read.data) : read.data
  const received = { ...event, data, timeMs, writtenMs, entity: formatEntity(event) }
  // Fingerprint the event as it was sent. The fingerprint must not depend on how the data is decoded.
  const hashes = fingerprint(event)
  return hashes
    ? { kind: 'event', event: received, fingerprint: hashes }
    : toFailedContent(undefined, NESTED_TOO_DEEPLY)
}

/** Formats a duration, rounded to minutes if there are any. */
function formatAhead(ms: number): string {
  const minutes = Math.round(ms / 60_000)
  if (minutes === 0) return `${ms} ms`
  const hours = Math.floor(minutes / 60)
  return [hours > 0 && `${hours} h`, minutes % 60 > 0 && `${minutes % 60} min`].filter(Boolean).join(' ')
}

/**
 * Returns the event with plain data. Returns undefined if the data is serialized and the process does not accept the event's type,
 * so that no schema is fetched for it.
 */
function readPlain(record: LogRecord, event: Event, consumer: Expectations): Event | Failure | undefined {
  const isPlain = !Buffer.isBuffer(event.data) && !record.decodedByLambda
  if (!consumer.reader || isPlain) return event
  const { tickType, failureEndedType } = consumer.application
  const isRead = isWanted(event, consumer) || event.type === tickType || event.type === failureEndedType
  return isRead ? consumer.reader.read(event, record) : undefined
}

function isWanted({ type }: Event, consumer: Expectations): boolean {
  const { process } = consumer
  const setsContext = process.context && contextTypes(process.context).includes(type)
  return setsContext === true || process.accepts.includes(type)
}

function ignoredReason({ type }: Event, { application }: Expectations): IgnoredReason {
  return application.ignoredTypes.get(type) ?? 'not-mine'
}

/** Decodes a tick. It never fails because of its `time`: its record's timestamp is used instead. A repeated tick has no effect. */
function decodeTick(record: LogRecord, event: Event, { accepts }: Expectations['process']): Content {
  if (!accepts.includes(event.type) || largeAttribute(event))
    return { kind: 'ignored', event, reason: 'tick' }
  const received = { ...event, timeMs: record.timestampMs, entity: formatEntity(event) }
  const hashes = fingerprint(event)
  return hashes
    ? { kind: 'event', event: received, fingerprint: hashes, isTick: true }
    : toFailedContent(undefined, NESTED_TOO_DEEPLY)
}

function decodeFailureEnded(event: Event, data: unknown, { name }: Expectations['process']): Content {
  const { consumer, failure, digest } = (data ?? {}) as Readonly<Record<string, unknown>>
  const isMine = consumer === name && typeof failure === 'string' && typeof digest === 'string'
  const endedFailure = isMine ? { endedFailure: { failure, digest } } : {}
  return { kind: 'ignored', event, reason: 'failure-ended', ...endedFailure }
}

function toFailedContent(event: Event | undefined, failure: Failure): Content {
  return event ? { kind: 'failed', event, failure } : { kind: 'failed', failure }
}
