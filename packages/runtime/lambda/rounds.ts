/** Rounds of a run until its schedule calls it again: EventBridge calls once a minute at most. */

/** The time from one run to the next. */
const PERIOD_MS = 60_000
/** Maximum duration of a round: it ends before the next run begins, and before the invocation times out. */
const ROUND_MS = 5_000

/** The clock of an invocation; tests replace it. */
export interface InvocationClock {
  /** Milliseconds on a clock that is never set. */
  now(): number
  sleep(ms: number): Promise<void>
  /** The remaining time of the invocation, in milliseconds. */
  remainingMs(): number
}

/**
 * Waits for each round after the first, and yields the milliseconds from the begin of the run to when it was due. A round that is past
 * because the one before took long is left out.
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
