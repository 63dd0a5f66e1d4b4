/** Number of tries for a record before it counts as failed, and the delays between them. */

/** One first offer and two retries. */
export const TRIES = 3

/** A failed try. Every failed try is reported, including the last one. */
export interface FailedTry {
  readonly attempt: number
  readonly of: number
  /** Number of records that were not accepted, and the offset of the first one. */
  readonly records: number
  readonly offset: number
  /** The loggable part of the receiver's response, or the error that was thrown instead. */
  readonly cause: { readonly safeMessage: string | undefined } | { readonly error: unknown }
}

export interface TriesAllowed {
  /** Returns true if a call may begin after this many milliseconds. */
  hasTime(afterMs: number): boolean
  pause(ms: number): Promise<void>
  reportTry(tried: FailedTry): void
}

/** Returns the delay before the next try: 2 s after the first try, 4 s after the second. */
export function computeWaitMs(attempt: number): number {
  return 2 ** attempt * 1_000
}
