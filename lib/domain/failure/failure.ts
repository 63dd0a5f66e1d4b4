/** The event that says: this record could not be processed. What it carries is enough to try the record again. */

export const FAILURE_TYPE = 'io.sluice.failure.v1'
export const DEAD_LETTER_TYPE = 'io.sluice.dead-letter.v1'

/** The record as it was read: bytes in base64, so that nothing is lost on the way; null where Kafka had null. */
interface OriginalRecord {
  readonly originalTopic: string
  readonly originalPartition: number
  readonly originalOffset: number
  /** Milliseconds since the epoch. */
  readonly originalTimestamp: number
  readonly originalKey: string | null
  readonly originalValue: string | null
  /** In order; Kafka allows a name twice. Values are base64. */
  readonly originalHeaders: readonly { readonly name: string; readonly value: string }[]
}

/** Data of a failure event. */
export interface Failure extends OriginalRecord {
  /** The failure's code, see `codes.ts`. */
  readonly errorType: string
  readonly error: string
  readonly consumer: string
  /** 1 for the first. */
  readonly attempt: number
  /** RFC 3339, by the log's clock: the same log gives the same failure. */
  readonly firstFailedAt: string
  readonly failedAt: string
}
