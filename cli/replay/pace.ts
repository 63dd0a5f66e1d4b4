/** When what was recorded is due again. Pure: the caller measures the time since the start. */
import { either, mapped, oneOf, positiveDecimal } from '../../lib/runtime/settings/values.ts'

/** How many times faster than recorded: `4`, `0.5` or `max`, at which everything is due at once. */
export const SPEED = either(
  mapped(oneOf(['max']), () => Number.POSITIVE_INFINITY),
  positiveDecimal(),
)

/**
 * A function that says how long after the start, in milliseconds, something recorded at a time is due. Called in the
 * order of publishing: what was recorded out of order, or without a time, is due with what came before it.
 *
 * @param speed how many times faster than recorded; above 0
 */
export function pacer(speed: number): (recordedMs: number | undefined) => number {
  let first: number | undefined
  let latest = 0
  return recordedMs => {
    if (recordedMs === undefined) return first === undefined ? 0 : (latest - first) / speed
    first ??= latest = recordedMs
    latest = Math.max(latest, recordedMs)
    return (latest - first) / speed
  }
}
