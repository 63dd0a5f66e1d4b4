/** A held entity: an event of it is retried, and later events of it are parked. How the partition state keeps that. Pure. */
import { bufferOf } from '../../cloudevents/header-bytes.ts'
import type { LogRecord } from '../../cloudevents/record.ts'
import { derivedId } from '../../consumer/derived-id.ts'
import type { Fingerprint, LogClock, RememberedFailure, StoredTimer } from '../model.ts'
import { heldParts } from './stored-state.ts'

export interface Hold {
  /** The awaited failure; absent once the entity is released and its parked events are being applied. */
  readonly waitsFor?: {
    readonly failure: string
    /** `Fingerprint.id` of the event that failed. */
    readonly eventId: string
    /** `digestOf` the record that failed. */
    readonly digest: string
    /** The log's clock when that event came first. */
    readonly clockMs: number
  }
  readonly untilMs: number
  /** Ordered as they first came. */
  readonly parked: readonly ParkedRecord[]
  /** The timers of the entity. They do not fire while it is held, and are not in the timer queue. */
  readonly timers: readonly StoredTimer[]
}

/** A parked record. Its bytes are in base64. */
export interface ParkedRecord {
  readonly offset: number
  readonly timestampMs: number
  readonly clockMs: number
  /** `Fingerprint.id` of its event. */
  readonly id: string
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly (readonly [name: string, value: string])[]
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

export function parkedRecord({ record, clock, fingerprint, attemptAt }: Admitted): ParkedRecord {
  const { offset, timestampMs, key, value, headers, decodedByLambda, validatedByLambda } = record
  return {
    offset,
    timestampMs,
    clockMs: clock.nowMs,
    id: fingerprint.id,
    key: key?.toString('base64') ?? null,
    value: value?.toString('base64') ?? null,
    headers: headers.map(([name, bytes]) => [name, bufferOf(bytes).toString('base64')] as const),
    ...(decodedByLambda ? { decodedByLambda } : {}),
    ...(validatedByLambda ? { validatedByLambda } : {}),
    ...(attemptAt ? { attemptAt } : {}),
  }
}

export function logRecordOf(
  { offset, timestampMs, key, value, headers, decodedByLambda, validatedByLambda }: ParkedRecord,
  { topic, partition }: Pick<LogRecord, 'topic' | 'partition'>,
): LogRecord {
  return {
    topic,
    partition,
    offset,
    timestampMs,
    key: key === null ? null : Buffer.from(key, 'base64'),
    value: value === null ? null : Buffer.from(value, 'base64'),
    headers: headers.map(([name, bytes]) => [name, Buffer.from(bytes, 'base64')] as const),
    ...(decodedByLambda ? { decodedByLambda } : {}),
    ...(validatedByLambda ? { validatedByLambda } : {}),
  }
}

export function parkedBytes({ key, value, headers }: ParkedRecord): number {
  const inHeaders = headers.reduce((sum, [name, bytes]) => sum + name.length + bytes.length + 8, 0)
  return PARKED_BYTES + (key?.length ?? 0) + (value?.length ?? 0) + inHeaders
}

/** Approximate size of an entity's parked events, from its stored state, in bytes; 0 if it is not held. */
export function parkedBytesIn(stored: string): number {
  const { hold } = heldParts(stored)
  return hold === undefined ? 0 : parkedBytesOf(JSON.parse(hold))
}

export function parkedBytesOf({ parked }: Pick<Hold, 'parked'>): number {
  return parked.reduce((sum, record) => sum + parkedBytes(record), 0)
}

const PARKED_BYTES = 128

/** Below every threshold: a released entity continues before any other timer fires. */
const AT_ONCE_MS = -1

/** The only timer of a held entity in the queue: it ends the hold or, if the entity is released, applies its next parked event. */
export function holdTimer(consumer: string, entity: string, hold: Hold): StoredTimer {
  const thresholdMs = hold.waitsFor ? hold.untilMs : AT_ONCE_MS
  const id = derivedId('hold', consumer, entity, hold.waitsFor?.failure ?? '', hold.untilMs)
  return { name: HOLD_TIMER, dueMs: hold.untilMs, thresholdMs, id, trace: {} }
}

const HOLD_TIMER = 'hold'

/** Name under which a state keeps which entity a failure holds. A source has no space, so no entity begins with one. */
export function holderName(failure: string): string {
  return `${HOLDER}${failure}`
}

export function isHolderName(name: string): boolean {
  return name.startsWith(HOLDER)
}

const HOLDER = ' held '
