/** Computes the time at which a recorded item is due. Pure: the caller measures the elapsed time. */
import { either, mapKind, oneOf, positiveDecimal } from '#runtime/settings'

/** Setting for the speed relative to the recording, such as `4` or `0.5`. With `max`, everything is due immediately. */
export const SPEED = either(
  mapKind(oneOf(['max']), () => Number.POSITIVE_INFINITY),
  positiveDecimal(),
)

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
