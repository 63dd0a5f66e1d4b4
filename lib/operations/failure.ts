/** Why an operation cannot do what it is asked. */

interface Details extends ErrorOptions {
  /** Whether the request is wrong in itself, as with options that exclude each other. */
  readonly isUsage?: boolean
}

/** One message for people: what happened, where, and what to do about it. It holds no payload and no secret. */
export class OperationFailure extends Error {
  override readonly name: string = 'OperationFailure'
  readonly isUsage: boolean

  constructor(message: string, { isUsage = false, ...options }: Details = {}) {
    super(message, options)
    this.isUsage = isUsage
  }
}

/** Returns the refusal of a request that is wrong in itself. */
export function usageFailure(message: string): OperationFailure {
  return new OperationFailure(message, { isUsage: true })
}
