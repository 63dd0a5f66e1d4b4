/** The event for a record that could not be processed. It carries all that is needed to retry the record. */
import { derivedId } from './derived-id.ts'

/** The record as it was read. Bytes are in base64, so that nothing is lost; null stays null. */
interface OriginalRecord {
  readonly originalTopic: string
  readonly originalPartition: number
  readonly originalOffset: number
  /** Milliseconds since the epoch. */
  readonly originalTimestamp: number
  readonly originalKey: string | null
  readonly originalValue: string | null
  /** In order; Kafka allows a name more than once. Values are base64. */
  readonly originalHeaders: readonly { readonly name: string; readonly value: string }[]
}

export type RecordPart = 'key' | 'value' | 'headers'

/** Data of a failure event. */
export interface FailureData extends OriginalRecord {
  /** The failure's code: see `failure-codes.ts`. */
  readonly errorType: string
  readonly error: string
  readonly consumer: string
  /** 1 for the first attempt. */
  readonly attempt: number
  /** RFC 3339, by the log's clock, so that the same log gives the same failure. */
  readonly firstFailedAt: string
  readonly failedAt: string
  /** The attempts before this one, the oldest first. What does not fit is left out, the oldest first. */
  readonly history: readonly FailedAttempt[]
  /** Which parts of the record are not here, but only at its place in the log: then it cannot be retried. */
  readonly omitted: readonly RecordPart[]
  /** Whether the consumer keeps later events of the entity waiting until this one is decided. */
  readonly parks: boolean
}

/** An earlier attempt at a record, and how it came back. */
export interface FailedAttempt {
  /** Number of the attempt, from 1. */
  readonly attempt: number
  readonly failedAt: string
  readonly errorType: string
  readonly error: string
  /** Person who redrove it after that; missing for a scheduled retry. */
  readonly redrivenBy?: string
  /** RFC 3339. */
  readonly redrivenAt?: string
  /** Whether that person changed the record: key, value or headers. */
  readonly patched?: boolean
}

/** The id of a record's failure. It is derived from the record's first place in the log, so all attempts share it. */
export function failureId(
  consumer: string,
  place: { readonly topic: string; readonly partition: number; readonly offset: number },
): string {
  return derivedId('failure', consumer, place.topic, place.partition, place.offset)
}
