/**
 * A held entity: one of its events is being retried, and its later events are parked. This file defines how the partition state
 * stores the hold. Pure.
 */
import { fromBase64, toBase64 } from '../../cloudevents/header-bytes.ts'
import type { LogRecord } from '../../cloudevents/record.ts'
import { derivedId } from '../../consumer/derived-id.ts'
import type { RememberedFailure } from './failure-memory.ts'
import type { Fingerprint } from './fingerprint.ts'
import type { LogClock } from './log.ts'
import type { StoredTimer } from './partition-state.ts'
import { splitHold } from './stored-state.ts'

export interface Hold {
  /** Failure for which the entity waits; absent once the entity is released and its parked events are being applied. */
  readonly waitsFor?: {
    readonly failure: string
    /** `Fingerprint.id` of the event that failed. */
    readonly eventId: string
    /** `computeDigest` of the record that failed. */
    readonly digest: string
    /** Time of the log's clock when the event first arrived. */
    readonly clockMs: number
  }
  readonly untilMs: number
  /** Parked records in order of their first arrival. */
  readonly parked: readonly ParkedRecord[]
  /** Timers of the entity. While the entity is held, they do not fire and are not in the timer queue. */
  readonly timers: readonly StoredTimer[]
}

/** A parked record, with its bytes in base64. */
export interface ParkedRecord {
  readonly offset: number
  readonly timestampMs: number
  readonly clockMs: number
  /** `Fingerprint.id` of the record's event. */
  readonly id: string
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly (readonly [name: string, value: string | null])[]
  readonly decodedByLambda?: LogRecord['decodedByLambda']
  readonly validatedByLambda?: LogRecord['validatedByLambda']
  readonly attemptAt?: RememberedFailure
}

interface Admitted {
  readonly record: LogRecord
  readonly clock: LogClock
  readonly fingerprint: Fingerprint
  readonly attemptAt: RememberedFailure | undefined
}

export function toParkedRecord({ record, clock, fingerprint, attemptAt }: Admitted): ParkedRecord {
  const { offset, timestampMs, key, value, headers, decodedByLambda, validatedByLambda } = record
  return {
    offset,
    timestampMs,
    clockMs: clock.nowMs,
    id: fingerprint.id,
    key: toBase64(key),
    value: toBase64(value),
    headers: headers.map(([name, bytes]) => [name, toBase64(bytes)] as const),
    ...(decodedByLambda ? { decodedByLambda } : {}),
    ...(validatedByLambda ? { validatedByLambda } : {}),
    ...(attemptAt ? { attemptAt } : {}),
  }
}

export function toLogRecord(
  { offset, timestampMs, key, value, headers, decodedByLambda, validatedByLambda }: ParkedRecord,
  { topic, partition }: Pick<LogRecord, 'topic' | 'partition'>,
): LogRecord {
  return {
    topic,
    partition,
    offset,
    timestampMs,
    key: fromBase64(key),
    value: fromBase64(value),
    headers: headers.map(([name, bytes]) => [name, fromBase64(bytes)] as const),
    ...(decodedByLambda ? { decodedByLambda } : {}),
    ...(validatedByLambda ? { validatedByLambda } : {}),
  }
}

export function measureParkedRecord({ key, value, headers }: ParkedRecord): number {
  const inHeaders = headers.reduce((sum, [name, bytes]) => sum + name.length + (bytes?.length ?? 0) + 8, 0)
  return PARKED_BYTES + (key?.length ?? 0) + (value?.length ?? 0) + inHeaders
}

/** Returns the approximate size of the parked events in a stored state, in bytes; 0 if the entity is not held. */
export function measureStoredHold(stored: string): number {
  const { hold } = splitHold(stored)
  return hold === undefined ? 0 : measureHold(JSON.parse(hold))
}

export function measureHold({ parked }: Pick<Hold, 'parked'>): number {
  return parked.reduce((sum, record) => sum + measureParkedRecord(record), 0)
}

const PARKED_BYTES = 128

/** A threshold below all others, so that a released entity continues before any other timer fires. */
const AT_ONCE_MS = -1

/**
 * Returns the only timer of a held entity that is in the timer queue. It ends the hold; for a released entity, it applies the next
 * parked event.
 */
export function createHoldTimer(consumer: string, entity: string, hold: Hold): StoredTimer {
  const thresholdMs = hold.waitsFor ? hold.untilMs : AT_ONCE_MS
  const id = derivedId('hold', consumer, entity, hold.waitsFor?.failure ?? '', hold.untilMs)
  return { name: HOLD_TIMER, dueMs: hold.untilMs, thresholdMs, id, trace: {} }
}

const HOLD_TIMER = 'hold'

/**
 * Returns the key under which the name of the entity that waits for a failure is stored. It cannot be equal to the name of an
 * entity, because a source never contains a space.
 */
export function formatHolderName(failure: string): string {
  return `${HOLDER}${failure}`
}

export function isHolderName(name: string): boolean {
  return name.startsWith(HOLDER)
}

const HOLDER = ' held '
