/** Forgets entities that have not reported for a long time; otherwise the state would grow without limit. */
import type { TimerChange } from './process.ts'

/** Name of the timer at which an entity is forgotten. */
export const FORGET = 'forget'

const DAY_MS = 24 * 60 * 60_000

/**
 * The timer of an entity that reports at `nowMs`: due `days` days after the end of that day. It moves at most once a day and not
 * with every reading, so it costs almost nothing.
 *
 * @param latestMs when the entity last reported before this; undefined for its first report
 */
export function forgetting(latestMs: number | undefined, nowMs: number, days: number): TimerChange[] {
  const day = Math.floor(nowMs / DAY_MS)
  if (latestMs !== undefined && Math.floor(latestMs / DAY_MS) >= day) return []
  return [{ name: FORGET, dueMs: (day + 1 + days) * DAY_MS }]
}
