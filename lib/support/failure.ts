interface Details extends ErrorOptions {
  /** True if the request itself is invalid, for example because options contradict each other. */
  readonly isUsage?: boolean
  /** True if what the request names does not exist. */
  readonly isMissing?: boolean
}

/** Error with a message for users: what happened, where, and what to do. The message never contains payloads or secrets. */
export class Failure extends Error {
  override readonly name: string = 'Failure'
  readonly isUsage: boolean
  readonly isMissing: boolean

  constructor(message: string, { isUsage = false, isMissing = false, ...options }: Details = {}) {
    super(message, options)
    this.isUsage = isUsage
    this.isMissing = isMissing
  }
}
