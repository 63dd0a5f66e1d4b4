import { OperationFailure } from '../lib/operations/failure.ts'

export { usageFailure } from '../lib/operations/failure.ts'

/** Exit status of a failed command: 1 for a failure, 2 for wrong usage, 3 for a failure of a command whose answer can be 1. */
export type FailureStatus = 1 | 2 | 3

/** One message for people: what happened, where, and what to do about it. */
export class CliFailure extends OperationFailure {
  override readonly name = 'CliFailure'
  readonly status: FailureStatus

  constructor(message: string, status: FailureStatus = 1, options?: ErrorOptions) {
    super(message, { ...options, isUsage: status === 2 })
    this.status = status
  }
}

/** Ends a command that runs until a signal stops it. This is not a failure. */
export class StoppedByUser extends Error {
  override readonly name = 'StoppedByUser'
}

/** Whether an error says only that a person has stopped the command. */
export function isStop(error: unknown, stop: AbortSignal): boolean {
  return error instanceof StoppedByUser || (stop.aborted && error === stop.reason)
}
