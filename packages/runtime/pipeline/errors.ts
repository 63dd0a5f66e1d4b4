/** The errors of adapters. They say whether to wait, to stop or to replace a record. */
import type { LogRecord } from '../cloudevents/record.ts'

/** Kafka will never accept a record as it is: retrying cannot help. */
export class RecordRefused extends Error {
  override readonly name = 'RecordRefused'
  /** The places, among those that were to be published, of the records that were not written; absent if that is not known. */
  readonly unwritten?: readonly number[]
}

/** Nothing is decided, and waiting helps; the records wait in Kafka. */
export class Unavailable extends Error {
  readonly code:
    | 'store-unavailable'
    | 'broker-unavailable'
    | 'registry-unavailable'
    | 'checkpoint-unavailable'
    | 'topic-growing'
    | 'reprocessing'
  /** The record whose schema must be fetched, with `DataReader.prepare`, before it can be read. */
  readonly unprepared?: LogRecord

  constructor(code: Unavailable['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'Unavailable'
    this.code = code
  }
}

export function notPrepared(record: LogRecord): Unavailable {
  const why = 'the schema of the record is not at hand: prepare it first'
  return Object.assign(new Unavailable('registry-unavailable', why), { unprepared: record })
}

/** Returns the record whose schema must be prepared; undefined for any other error. */
export function unpreparedIn(error: unknown): LogRecord | undefined {
  return error instanceof Unavailable ? error.unprepared : undefined
}

/**
 * Waiting alone does not help: to continue would lose records, count them twice, or leave them waiting without end. The records stay in
 * Kafka until an operator acts. The message says what to do and never contains data.
 */
export class PartitionStopped extends Error {
  override readonly name = 'PartitionStopped'
  readonly code:
    | 'another-log'
    | 'log-unreadable'
    | 'state-evicted'
    | 'state-newer-than-code'
    | 'state-not-migrated'
    | 'parking-without-ticks'

  constructor(code: PartitionStopped['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Whether a batch of the log is corrupt or too large, or Kafka denies access. */
export function isUnreadable(error: unknown): error is PartitionStopped {
  return error instanceof PartitionStopped && error.code === 'log-unreadable'
}

/** A copy of a partition state cannot be read, advanced, or put in place of the state, which is unchanged. */
export class CopyStopped extends Error {
  override readonly name = 'CopyStopped'
  readonly why: /** A commit came meanwhile, or another command has replaced the state. */
    | 'moved'
    | 'replaced'
    /** Another attempt to do the same has begun. */
    | 'overtaken'
    /** The server has lost a part of it. */
    | 'incomplete'
    /** The live state was committed by other code. */
    | 'other-code'
    /** One of the two states is from before a growth of the topic. */
    | 'other-partitioning'
    | 'growing'
    | 'waiting'
    | 'failing'
    | 'stopped'

  constructor(why: CopyStopped['why'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.why = why
  }
}
