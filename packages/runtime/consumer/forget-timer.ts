/** Removes entities that have not sent any event for a long time. Otherwise the state would grow without limit. */
import { DAY_MS } from './durations.ts'
import type { TimerChange } from './process.ts'

/** Name of the timer that removes an entity. */
export const FORGET = 'forget'

/**
 * Returns the change of the timer that removes an entity, for an event at `nowMs`. The timer is due `days` days after the end of
 * the day of the event. It therefore moves at most once a day rather than with every event, so that its cost is negligible.
 *
 * @param latestMs time of the entity's previous event, in milliseconds since the epoch; undefined for the first event
 */
export function scheduleForgetting(latestMs: number | undefined, nowMs: number, days: number): TimerChange[] {
  const day = Math.floor(nowMs / DAY_MS)
  if (latestMs !== undefined && Math.floor(latestMs / DAY_MS) >= day) return []
  return [{ name: FORGET, dueMs: (day + 1 + days) * DAY_MS }]
}
