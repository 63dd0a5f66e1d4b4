import { UserError } from '#local-servers/user-error'
import { ConfigError } from '#runtime/settings'
import { FileError } from '../lib/support/file-errors.ts'

export { UserError }

/** Returns the text to print for a thrown value: only the message of an error that the user can fix, otherwise the stack trace. */
export function describeError(error: unknown): string {
  if (error instanceof UserError || error instanceof ConfigError || error instanceof FileError)
    return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
