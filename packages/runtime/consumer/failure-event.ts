/** Event for a record that could not be processed. It contains all data that is needed to retry the record. */
import { derivedId } from './derived-id.ts'

/** The original record. Its bytes are base64 text, so that they are preserved exactly; null stays null. */
interface OriginalRecord {
  readonly originalTopic: string
  readonly originalPartition: number
  readonly originalOffset: number
  /** Identity of the log of another application; absent for a topic of the application. */
  readonly originalLog?: string
  /** Timestamp of the record, in milliseconds since the epoch. */
  readonly originalTimestamp: number
  readonly originalKey: string | null
  readonly originalValue: string | null
  /** Headers in order, with base64 values. Kafka allows duplicate names, and null for a header that counts as absent. */
  readonly originalHeaders: readonly { readonly name: string; readonly value: string | null }[]
}

export type RecordPart = 'key' | 'value' | 'headers'

/** Data of a failure event. */
export interface FailureData extends OriginalRecord {
  /** Code of the failure, see `failure-codes.ts`. */
  readonly errorType: string
  readonly error: string
  readonly consumer: string
  /** Number of the attempt; 1 for the first. */
  readonly attempt: number
  /** Time of the first failure, RFC 3339. It is a time of the log's clock, so that the same log produces the same failure. */
  readonly firstFailedAt: string
  readonly failedAt: string
  /** Earlier attempts, oldest first. If the record would become too large, the oldest attempts are omitted. */
  readonly history: readonly FailedAttempt[]
  /** Parts of the record that are available only in the log. If there are any, the record cannot be retried. */
  readonly omitted: readonly RecordPart[]
  /** True if the consumer parks later events of the entity until the retries of this event have ended. */
  readonly parks: boolean
  /** Receivers of a sink that have not accepted the event. Retries are for them alone; absent if they are for all. */
  readonly receivers?: readonly string[]
}

/** An earlier attempt at a record, and the redrive that followed it. */
export interface FailedAttempt {
  /** Number of the attempt, starting at 1. */
  readonly attempt: number
  readonly failedAt: string
  readonly errorType: string
  readonly error: string
  /** Operator who has redriven the record after this attempt; absent for a scheduled retry. */
  readonly redrivenBy?: string
  /** Time of the redrive, RFC 3339. */
  readonly redrivenAt?: string
}

/** Position of a record, with the identity of its log if the log belongs to another application. */
export interface LogPosition {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly log?: string | undefined
}

/** Returns the id of a record's failure. It is derived from the record's original position in the log, so all attempts share it. */
export function failureId(consumer: string, position: LogPosition): string {
  return derivedId('failure', consumer, ...listPositionParts(position))
}

/** Returns the parts of a position from which ids are derived. */
export function listPositionParts({ topic, partition, offset, log }: LogPosition): (string | number)[] {
  return [topic, partition, offset, ...(log === undefined ? [] : [log])]
}

/** Returns the original position of a failed record. */
export function originalPosition(failure: FailureData): LogPosition {
  const {
    originalTopic: topic,
    originalPartition: partition,
    originalOffset: offset,
    originalLog: log,
  } = failure
  return { topic, partition, offset, log }
}
