/** The event for a record that could not be processed. It carries all that is needed to retry the record. */

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
}
