/** Defines the error for operations that cannot be carried out. */
import { HistoryFailure } from '../history/store.ts'
import { WarehouseFailure } from '../warehouse/target.ts'

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

/** Converts errors of the history and the warehouse, whose messages are for users. All other errors are returned unchanged. */
export function operationFailure(error: unknown): unknown {
  const isExplained = error instanceof HistoryFailure || error instanceof WarehouseFailure
  return isExplained ? new OperationFailure(error.message, { cause: error }) : error
}

/** Returns the error for an invalid request. */
export function usageFailure(message: string): OperationFailure {
  return new OperationFailure(message, { isUsage: true })
}
