import type { TopicName } from './declared.ts'
import type { Rejected } from './process.ts'

/**
 * A consumer that moves records to other topics, byte for byte and in order, such as from a retry topic back to
 * where they came from. A schedule wakes it, so a record that is not due yet costs nothing until then. It keeps one number for
 * each partition: the offset of the next record to move.
 */
export interface Forwarder {
  /** Prefix in Redis and dimension of the metrics. A renamed forwarder moves everything again. */
  readonly name: string
  /** The topics that it reads, each partition for itself. */
  readonly from: readonly TopicName[]
  /**
   * Decides about one record. Pure: it is called again for a record that was decided but not committed.
   *
   * @param nowMs the time of the invocation, in milliseconds since the epoch
   */
  forward(record: SourceRecord, nowMs: number): Forwarding
}

/** A record as the log has it. */
export interface SourceRecord extends RecordBytes {
  /** The name in Kafka. */
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Milliseconds since the epoch. */
  readonly timestampMs: number
}

/** Contents of a record. */
interface RecordBytes {
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** In order; Kafka allows a name more than once. */
  readonly headers: readonly (readonly [name: string, value: Buffer])[]
}

/** The record to write. Without `partition`, the key decides the partition. */
interface ForwardedRecord extends RecordBytes {
  /** The name in Kafka; it must be one of the application's topics. */
  readonly topic: string
  readonly partition?: number
}

/**
 * A forwarder's decision about a record, made by `forwarded()`, `notDue()`, `skipped()` or `rejected()`.
 *
 * - `forwarded`: the record is written to another topic; `reason` is a stable word for logs and metrics;
 * - `not-due`: the record, and all after it in its partition, wait for a later invocation;
 * - `skipped`: the record is left behind, with a reason;
 * - `rejected`: the record cannot be forwarded. It becomes a failure record, and the next one is decided.
 */
export type Forwarding =
  | { readonly kind: 'forwarded'; readonly reason: string; readonly record: ForwardedRecord }
  | { readonly kind: 'not-due'; readonly dueMs: number }
  | { readonly kind: 'skipped'; readonly reason: string }
  | Rejected

/**
 * Writes the record to another topic.
 *
 * @param reason a stable word for logs and metrics
 */
export function forwarded(reason: string, record: ForwardedRecord): Forwarding {
  return { kind: 'forwarded', reason, record }
}

/**
 * Lets the record, and all after it in its partition, wait.
 *
 * @param dueMs when the record can be forwarded, in milliseconds since the epoch
 */
export function notDue(dueMs: number): Forwarding {
  return { kind: 'not-due', dueMs }
}

/**
 * Leaves the record where it is, and continues with the next one.
 *
 * @param reason a stable word for logs and metrics
 */
export function skipped(reason: string): Forwarding {
  return { kind: 'skipped', reason }
}
