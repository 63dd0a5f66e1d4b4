/** Shifts a recording in time. Shifted events get new ids. Pure. */

import { parseTime } from '#runtime/cloudevents'
import { derivedId, type Event } from '#runtime/consumer'
import { either, instant, oneOf } from '#runtime/settings'

/**
 * Target time of the first event, in milliseconds since the epoch. `now` selects a time as close to the current time as possible.
 */
export type ShiftTarget = number | 'now'

export const SHIFT_TARGET = either<ShiftTarget>(oneOf(['now']), instant())

/** Times of a recording that determine the shift, in milliseconds since the epoch. */
export interface TimeRange {
  /** Time of the first event in the recording. A target time refers to this event, even if only a later part is published. */
  readonly startMs: number
  /** Time of the first published event. */
  readonly firstMs: number
  /** Latest time among the published events. */
  readonly latestMs: number
}

/**
 * Returns the number of milliseconds by which each event is shifted. With `now`, events are shifted as far as possible without
 * being sent before their time, because consumers reject events from the future.
 * - At the recorded speed or slower, the first event gets the current time.
 * - At a higher speed, the first events get times in the past, and the latest event is sent at its own time.
 * - At `max`, the latest event gets the current time.
 */
export function computeShift(
  target: ShiftTarget,
  { startMs, firstMs, latestMs }: TimeRange,
  speed: number,
  nowMs: number,
): number {
  if (target !== 'now') return target - startMs
  const ahead = speed <= 1 ? 0 : (latestMs - firstMs) * (1 - 1 / speed)
  return Math.floor(nowMs - firstMs - ahead)
}

/**
 * Returns the event with its shifted time. The new id is derived from the old id and the shift, so the same shift always produces
 * the same events.
 */
export function shiftEvent(event: Event, shiftMs: number): Event {
  const id = derivedId('shift', event.id, shiftMs)
  if (event.time === undefined) return { ...event, id }
  return { ...event, id, time: new Date(parseTime(event.time) + shiftMs).toISOString() }
}
