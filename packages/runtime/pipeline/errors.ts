/** Errors of adapters. The class of an error determines whether the pipeline waits, stops, or replaces the record. */
import type { LogRecord } from '../cloudevents/record.ts'

/** Kafka has permanently refused a record, so retrying cannot help. */
export class RecordRefused extends Error {
  override readonly name = 'RecordRefused'
  /** Indices of the records that were not written, among the records to publish; absent if they are unknown. */
  readonly unwritten?: readonly number[]
}

/** A temporary error: nothing was decided, and a later attempt can succeed. The records stay in Kafka until then. */
export class Unavailable extends Error {
  readonly code: 'store-unavailable' | 'broker-unavailable' | 'registry-unavailable' | 'reprocessing'
  /** Record whose schema must be fetched with `DataReader.prepare` before the record can be read. */
  readonly unprepared?: LogRecord
  /** Parts of the message about a server: sentences, the first one without a full stop. */
  readonly words?: { readonly happened: string; readonly todo: string }

  constructor(code: Unavailable['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'Unavailable'
    this.code = code
  }
}

export function notPrepared(record: LogRecord): Unavailable {
  const why = 'the schema of the record is not loaded: prepare it first'
  return Object.assign(new Unavailable('registry-unavailable', why), { unprepared: record })
}

/** Returns the record whose schema must be prepared; undefined for any other error. */
export function findUnprepared(error: unknown): LogRecord | undefined {
  return error instanceof Unavailable ? error.unprepared : undefined
}

/**
 * An error that an operator must resolve: continuing would lose records, count records twice, or leave records waiting forever. The
 * records stay in Kafka until then. The message describes the remedy and never contains payload data.
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
    | 'invariant-broken'

  constructor(code: PartitionStopped['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Returns true if the log cannot be read because a batch is corrupt or too large, or because Kafka denies access. */
export function isUnreadable(error: unknown): error is PartitionStopped {
  return error instanceof PartitionStopped && error.code === 'log-unreadable'
}

/** A copy of a partition state cannot be read or computed, or cannot replace the live state. The live state is unchanged. */
export class CopyStopped extends Error {
  override readonly name = 'CopyStopped'
  readonly why: /** The live state was dropped or replaced in the meantime. */
    | 'replaced'
    /** Another run has begun, or the server has lost the copy. */
    | 'overtaken'
    /** The live state was committed by other code. */
    | 'other-code'
    | 'waiting'
    | 'failing'
    | 'stopped'

  constructor(why: CopyStopped['why'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.why = why
  }
}
