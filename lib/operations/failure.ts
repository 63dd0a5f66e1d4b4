/** Defines the error for operations that cannot be carried out. */

interface Details extends ErrorOptions {
  /** True if the request itself is invalid, for example because options contradict each other. */
  readonly isUsage?: boolean
}

/**
 * Error of an operation, with a message for users: what happened, where, and what to do. The message never contains payloads or
 * secrets.
 */
export class OperationFailure extends Error {
  override readonly name: string = 'OperationFailure'
  readonly isUsage: boolean

  constructor(message: string, { isUsage = false, ...options }: Details = {}) {
    super(message, options)
    this.isUsage = isUsage
  }
}

/** Returns the error for an invalid request. */
export function usageFailure(message: string): OperationFailure {
  return new OperationFailure(message, { isUsage: true })
}
