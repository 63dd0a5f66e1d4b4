/** Additional rounds within one run, because EventBridge can call a function at most once a minute. */

/** Interval between runs, in milliseconds. */
const PERIOD_MS = 60_000
/**
 * Maximum duration of a round, in milliseconds. The round must end before the next run begins, and before the invocation times out.
 */
const ROUND_MS = 5_000

/** Clock of an invocation, which tests can replace. */
export interface InvocationClock {
  /** Returns the time in milliseconds on a monotonic clock. */
  now(): number
  sleep(ms: number): Promise<void>
  /** Returns the remaining time of the invocation, in milliseconds. */
  remainingMs(): number
}

/**
 * Waits for each round after the first, and yields the milliseconds between the start of the run and the due time of the round. A
 * round is skipped if its time has passed because the previous round took too long.
 */
export async function* furtherRounds(
  everyMs: number,
  { now, sleep, remainingMs }: InvocationClock,
): AsyncGenerator<number> {
  const beganMs = now()
  for (let dueMs = everyMs; dueMs + ROUND_MS <= PERIOD_MS; dueMs += everyMs) {
    const waitMs = beganMs + dueMs - now()
    if (waitMs < 0) continue
    if (remainingMs() < waitMs + ROUND_MS) return
    await sleep(waitMs)
    yield dueMs
  }
}
