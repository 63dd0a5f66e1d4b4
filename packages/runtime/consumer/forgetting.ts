/** Removes entities that have not reported for a long time, because otherwise the state would grow without limit. */
import type { TimerChange } from './process.ts'

/** Name of the timer that removes an entity. */
export const FORGET = 'forget'

const DAY_MS = 24 * 60 * 60_000

/**
 * Returns the timer of an entity that reports at `nowMs`, due `days` days after the end of that day. The
 * timer moves at most once a day rather than with every event, so the cost is negligible.
 *
 * @param latestMs time of the previous report, in milliseconds since the epoch; undefined for the first one
 */
export function forgetting(latestMs: number | undefined, nowMs: number, days: number): TimerChange[] {
  const day = Math.floor(nowMs / DAY_MS)
  if (latestMs !== undefined && Math.floor(latestMs / DAY_MS) >= day) return []
  return [{ name: FORGET, dueMs: (day + 1 + days) * DAY_MS }]
}
