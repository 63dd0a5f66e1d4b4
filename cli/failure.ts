/** How a command ends that could not do its work: 1 where it failed, 2 where it was called wrongly. */
export type FailureStatus = 1 | 2

/** One message for people: what happened, where, and what to do about it. */
export class CliFailure extends Error {
  override readonly name = 'CliFailure'
  readonly status: FailureStatus

  constructor(message: string, status: FailureStatus = 1, options?: ErrorOptions) {
    super(message, options)
    this.status = status
  }
}

/** How a command ends that goes on until a signal stops it: it has done its work. */
export class StoppedByUser extends Error {
  override readonly name = 'StoppedByUser'
}

export function usageFailure(message: string): CliFailure {
  return new CliFailure(message, 2)
}
