import type { Rejected } from './process.ts'
import type { TopicName } from './topic-name.ts'

/**
 * A consumer that moves records to other topics, byte for byte and in order, for example from a retry topic back to their original
 * topic. It runs on a schedule, so that a record which is not due yet causes no cost. Its only state is one number per partition:
 * the offset of the next record to move.
 */
export interface Forwarder {
  /** Name of the forwarder, its prefix in Redis, and a dimension of its metrics. A renamed forwarder moves all records again. */
  readonly name: string
  /** Topics from which records are moved. Partitions are handled independently of each other. */
  readonly from: readonly TopicName[]
  /**
   * Decides what to do with one record. Must be pure, because it is called again for a record whose decision was not committed. It
   * returns a promise only if it must first read something that never changes, such as a schema.
   *
   * @param nowMs time of the invocation, in milliseconds since the epoch
   * @throws Unavailable or ConfigError if that cannot be read now. The record and all later ones of its partition then wait for a
   * later invocation. After any other error, the record becomes a failure.
   */
  forward(record: SourceRecord, nowMs: number): Forwarding | Promise<Forwarding>
}

/** A record as read from the log. */
export interface SourceRecord extends RecordBytes {
  /** Kafka name of the topic. */
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Timestamp of the record, in milliseconds since the epoch. */
  readonly timestampMs: number
}

interface RecordBytes {
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** Headers in order. Kafka allows duplicate names, and null for a header that counts as absent. */
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[]
}

/** The record to write. If `partition` is absent, the key determines the partition. */
interface ForwardedRecord extends RecordBytes {
  /** Kafka name of the topic, which must be one of the application's topics. */
  readonly topic: string
  readonly partition?: number
}

/**
 * Decision of a forwarder about a record, created by `forwardRecord()`, `deferRecord()`, `skipRecord()` or `reject()`.
 *
 * - `forwardRecord`: the record is written to another topic; `reason` is a stable word for logs and metrics;
 * - `not-due`: the record and all later records of its partition wait for a later invocation;
 * - `skipRecord`: the record is not forwarded, and the next record is processed;
 * - `rejected`: the record cannot be forwarded. It becomes a failure record, and the next record is processed.
 */
export type Forwarding =
  | { readonly kind: 'forwarded'; readonly reason: string; readonly record: ForwardedRecord }
  | { readonly kind: 'not-due'; readonly dueMs: number }
  | { readonly kind: 'skipped'; readonly reason: string }
  | Rejected

/**
 * Returns the decision to write the record to another topic.
 *
 * @param reason stable word for logs and metrics
 */
export function forwardRecord(reason: string, record: ForwardedRecord): Forwarding {
  return { kind: 'forwarded', reason, record }
}

/**
 * Returns the decision that the record and all later records of its partition must wait.
 *
 * @param dueMs time at which the record can be forwarded, in milliseconds since the epoch
 */
export function deferRecord(dueMs: number): Forwarding {
  return { kind: 'not-due', dueMs }
}

/**
 * Returns the decision not to forward the record and to continue with the next one.
 *
 * @param reason stable word for logs and metrics
 */
export function skipRecord(reason: string): Forwarding {
  return { kind: 'skipped', reason }
}
