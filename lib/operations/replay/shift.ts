/** Moves a recording in time; the moved events have ids of their own. Pure. */

import { parseTime } from '../../../packages/runtime/cloudevents/attributes.ts'
import { derivedId } from '../../../packages/runtime/consumer/derived-id.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import { either, instant, oneOf } from '../../../packages/runtime/settings/values.ts'

/** Where the first event goes: to a time, in milliseconds since the epoch, or as near to the present as it can. */
export type ShiftTarget = number | 'now'

export const SHIFT_TARGET = either<ShiftTarget>(oneOf(['now']), instant())

/** The times of a recording that determine the shift, in milliseconds since the epoch. */
export interface Extent {
  /** Time of the first event of the whole recording. A target time is for this event, even if only a part is published. */
  readonly startMs: number
  /** Time of the first event that is published. */
  readonly firstMs: number
  /** The latest time of those that are published; undefined if it is not known yet. */
  readonly latestMs: number | undefined
}

/**
 * Returns the number of milliseconds by which every event moves; undefined if that needs the latest time, which is unknown. `now`
 * moves the events as far as possible without sending any before its time, because consumers refuse events from the future. At
 * recorded pace, or slower, the first event is now. Faster, the first ones are in the past and the latest is sent at its time. At
 * `max` speed the latest is now.
 */
export function shiftFor(
  target: ShiftTarget,
  extent: Extent,
  speed: number,
  nowMs: number,
): number | undefined {
  const { startMs, firstMs, latestMs } = extent
  if (target !== 'now') return target - startMs
  if (speed <= 1) return nowMs - firstMs
  return latestMs === undefined
    ? undefined
    : Math.floor(nowMs - firstMs - (latestMs - firstMs) * (1 - 1 / speed))
}

/** The event at its new time. Its id follows from the old one and the shift: the same shift gives the same events. */
export function shifted(event: Event, shiftMs: number): Event {
  const id = derivedId('shift', event.id, shiftMs)
  if (event.time === undefined) return { ...event, id }
  return { ...event, id, time: new Date(parseTime(event.time) + shiftMs).toISOString() }
}
