/** Reason why bytes cannot be read. */
export type UnreadableReason = 'corrupt' | 'too-large' | 'unknown-codec'

/** The records of a batch cannot be read, however often they are fetched. The message says what to do, and never has data. */
export class UnreadableBatch extends Error {
  readonly reason: UnreadableReason
  /** kafkajs does not fetch the batch again, as it would after other errors. */
  readonly retriable = false

  constructor(reason: UnreadableReason, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'UnreadableBatch'
    this.reason = reason
  }
}

/** Thrown by a codec that has reached its limit. */
export class LimitReached extends Error {
  constructor(limit: number) {
    super(`more than ${limit} bytes`)
    this.name = 'LimitReached'
  }
}
