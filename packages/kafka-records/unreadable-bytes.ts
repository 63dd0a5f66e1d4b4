/** Reason why bytes cannot be read. `createMalformedError` means that they are truncated or contain an invalid number. */
export type UnreadableReason = 'malformed' | 'corrupt' | 'too-large' | 'unknown-codec'

/** Bytes of a log or of a response cannot be read. The message describes the remedy, and never contains payload data. */
export class UnreadableBytes extends Error {
  override readonly name = 'UnreadableBytes'
  readonly reason: UnreadableReason
  /**
   * False for a batch, so that kafkajs does not fetch the same bytes again. Undefined for a truncated response, because the next
   * response may be complete.
   */
  readonly retriable: false | undefined

  constructor(reason: UnreadableReason, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
    this.retriable = reason === 'malformed' ? undefined : false
  }
}

/** Returns the error for bytes that end too early or contain an invalid number. */
export function createMalformedError(what: string): UnreadableBytes {
  return new UnreadableBytes('malformed', what)
}

/** Returns the error for data that exceeds the limit of a codec. */
export function createLimitError(limit: number): UnreadableBytes {
  return new UnreadableBytes('too-large', `more than ${limit} bytes`)
}
