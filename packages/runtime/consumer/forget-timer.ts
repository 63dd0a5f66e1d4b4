/** Removes entities that have not sent any event for a long time. Otherwise the state would grow without limit. */
import type { Step } from './define-process.ts'
import { DAY_MS } from './durations.ts'

/** Name of the timer that removes an entity. */
export const FORGET = 'forget'

/**
 * Sets the timer that removes an entity, in the step for an event at `nowMs`. The timer is due `days` days after the end of the day
 * of the event. It therefore moves at most once a day rather than with every event, so that its cost is negligible.
 *
 * @param latestMs time of the entity's previous event, in milliseconds since the epoch; undefined for the first event
 */
export function scheduleForgetting(
  step: Pick<Step, 'timerAt'>,
  latestMs: number | undefined,
  nowMs: number,
  days: number,
): void {
  const day = Math.floor(nowMs / DAY_MS)
  if (latestMs === undefined || Math.floor(latestMs / DAY_MS) < day)
    step.timerAt(FORGET, (day + 1 + days) * DAY_MS)
}
