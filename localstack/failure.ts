/**
 * A fault that the person at the terminal can put right: its message says what, where and what to do, and is all
 * that is shown. Anything else that is thrown is a bug and is shown with its stack.
 */
export class LocalCloudError extends Error {
  override readonly name = 'LocalCloudError'
}

/** What to print for something thrown. */
export function describeFailure(error: unknown): string {
  if (error instanceof LocalCloudError) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
