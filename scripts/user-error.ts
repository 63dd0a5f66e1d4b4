import { ConfigError } from '#runtime/settings/index.ts'
import { FileError } from '../lib/support/file-errors.ts'

/**
 * Error that the user can fix. Only the message is printed; it contains the problem, its location and the remedy. All other errors
 * are defects of this project and are printed with their stack traces.
 */
export class UserError extends Error {
  override readonly name = 'UserError'
}

/** Returns the text to print for a thrown value. */
export function describeError(error: unknown): string {
  if (error instanceof UserError || error instanceof ConfigError || error instanceof FileError)
    return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
