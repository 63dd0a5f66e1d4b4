import { ConfigError } from '../packages/runtime/settings/config-error.ts'

/**
 * An error that the user can fix. The message contains the problem, its location and the remedy, and is the only output. All other
 * errors are defects of this project and are shown with their stack traces.
 */
export class UserError extends Error {
  override readonly name = 'UserError'
}

/** Returns the text to print for a thrown value. */
export function describeError(error: unknown): string {
  if (error instanceof UserError || error instanceof ConfigError) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
