/** Computes the time at which a recorded item is due. Pure: the caller measures the elapsed time. */
import { either, mapKind, oneOf, positiveDecimal } from '#runtime/settings'
import { durationText, MINUTE_MS } from '../../../lib/support/duration.ts'
import { localTime } from '../../../lib/support/time-text.ts'

/** Setting for the speed relative to the recording, such as `4` or `0.5`. With `max`, everything is due immediately. */
export const SPEED = either(
  mapKind(oneOf(['max']), () => Number.POSITIVE_INFINITY),
  positiveDecimal(),
)

/** Longest replay, in milliseconds, that needs no notice. */
const LONG_MS = 10 * MINUTE_MS

/**
 * Returns a notice about a replay that keeps the pace of a long recording; undefined for a replay of at most ten minutes.
 *
 * @param recordedMs time between the first and the last item of the recording
 * @param speed speed relative to the recording, greater than 0
 */
export function describeLongReplay(
  items: number,
  recordedMs: number,
  speed: number,
  nowMs: number,
): string | undefined {
  const lastsMs = recordedMs / speed
  if (lastsMs <= LONG_MS) return undefined
  const pace = speed === 1 ? 'at their recorded pace' : `at ${speed} times their recorded pace`
  const end = localTime(nowMs + lastsMs, nowMs)
  return `${items} items ${pace} take ${durationText(lastsMs)}, until ${end}. To publish them at once, add --speed max.`
}

/**
 * Returns a function that converts the recorded time of an item to its due time, in milliseconds after the start. It must be called
 * for items in the order of publishing. An item that is out of order, or has no time, is due together with its predecessor.
 *
 * @param speed speed relative to the recording, greater than 0
 */
export function createPacer(speed: number): (recordedMs: number | undefined) => number {
  let first: number | undefined
  let latest = 0
  return recordedMs => {
    if (recordedMs === undefined) return first === undefined ? 0 : (latest - first) / speed
    first ??= latest = recordedMs
    latest = Math.max(latest, recordedMs)
    return (latest - first) / speed
  }
}
