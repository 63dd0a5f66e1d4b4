/** Why the records of a batch cannot be inflated. */
export type UnreadableReason = 'corrupt' | 'too-large' | 'unknown-codec'

/**
 * The records of a batch cannot be inflated, however often they are read. The message names the codec and what to do, never
 * contents. Which partition and offset it is about, only the caller knows.
 */
export class UnreadableBatch extends Error {
  readonly reason: UnreadableReason
  /** For kafkajs, which would fetch the batch again after other errors. */
  readonly retriable = false

  constructor(reason: UnreadableReason, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'UnreadableBatch'
    this.reason = reason
  }
}

/** Thrown by a codec that has inflated as much as it may. */
export class LimitReached extends Error {
  constructor(limit: number) {
    super(`more than ${limit} bytes`)
    this.name = 'LimitReached'
  }
}
