import { OperationFailure } from '../lib/support/operation-failure.ts'

export { usageFailure } from '../lib/support/operation-failure.ts'

/**
 * Exit status of a failed command: 1 for a failure, 2 for wrong usage. It is 3 for a failure of a command that uses status 1 for a
 * negative result.
 */
export type FailureStatus = 1 | 2 | 3

/** Error of a command. Its message is for users: it describes what happened, where, and what to do. */
export class CliFailure extends OperationFailure {
  override readonly name = 'CliFailure'
  readonly status: FailureStatus

  constructor(message: string, status: FailureStatus = 1, options?: ErrorOptions) {
    super(message, { ...options, isUsage: status === 2 })
    this.status = status
  }
}

/** Error that ends a command when a signal stops it. It does not count as a failure. */
export class StoppedByUser extends Error {
  override readonly name = 'StoppedByUser'
}

/** Returns whether an error was caused only by the user stopping the command. */
export function isStop(error: unknown, stop: AbortSignal): boolean {
  return error instanceof StoppedByUser || (stop.aborted && error === stop.reason)
}
