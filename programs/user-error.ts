import { ConfigError } from '../packages/runtime/settings/config-error.ts'

/**
 * An error that the user can fix. Its message says what is wrong, where, and what to do; nothing else is shown. Any
 * other error is a defect of this project and is shown with its stack.
 */
export class UserError extends Error {
  override readonly name = 'UserError'
}

/** Returns what to print for a thrown value. */
export function describeError(error: unknown): string {
  if (error instanceof UserError || error instanceof ConfigError) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
