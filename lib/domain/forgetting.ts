/** What has been quiet for long is forgotten, or states would pile up of everything that ever reported. */
import type { TimerChange } from './process.ts'

/** Name of the timer that ends an entity. */
export const FORGET = 'forget'

const DAY_MS = 24 * 60 * 60_000

/**
 * The timer of an entity that reports at `nowMs`: due some days after the end of that day. It moves once a day and not with
 * every reading, so that remembering when to forget costs nothing.
 *
 * @param latestMs when the entity had reported last; undefined where this is its first time
 */
export function forgetting(latestMs: number | undefined, nowMs: number, days: number): TimerChange[] {
  const day = Math.floor(nowMs / DAY_MS)
  if (latestMs !== undefined && Math.floor(latestMs / DAY_MS) >= day) return []
  return [{ name: FORGET, dueMs: (day + 1 + days) * DAY_MS }]
}
