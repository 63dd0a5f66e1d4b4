/** Error of an operation that cannot be carried out. */

interface Details extends ErrorOptions {
  /** True if the request itself is invalid, for example because of contradictory options. */
  readonly isUsage?: boolean
}

/**
 * Error of an operation, with one message for users: what happened, where, and what to do. It contains no payload and no secret.
 */
export class OperationFailure extends Error {
  override readonly name: string = 'OperationFailure'
  readonly isUsage: boolean

  constructor(message: string, { isUsage = false, ...options }: Details = {}) {
    super(message, options)
    this.isUsage = isUsage
  }
}

/** Returns the error for a request that is invalid in itself. */
export function usageFailure(message: string): OperationFailure {
  return new OperationFailure(message, { isUsage: true })
}
