/** Number of tries that a receiver has before a record counts as failed, and the waits between them. */

/** The first offer and two more. */
export const TRIES = 3

/** A try that failed; the last one is reported as well. */
export interface Tried {
  readonly attempt: number
  readonly of: number
  /** Number of records that were not accepted, and the first of them. */
  readonly records: number
  readonly offset: number
  /** The loggable part of the receiver's response, or the error that was thrown instead. */
  readonly cause: { readonly safeMessage: string | undefined } | { readonly error: unknown }
}

export interface TriesAllowed {
  /** Whether a call may begin after this many milliseconds. */
  hasTime(afterMs: number): boolean
  pause(ms: number): Promise<void>
  tried(tried: Tried): void
}

/** How long the next try waits after this one: 2 s, 4 s. */
export function waitAfterMs(attempt: number): number {
  return 2 ** attempt * 1_000
}
