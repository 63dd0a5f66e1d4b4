/** Durations in milliseconds, for timers. */

export const DAY_MS = 24 * 60 * 60_000

/** Converts seconds to milliseconds. */
export function seconds(count: number): number {
  return count * 1_000
}

/** Converts minutes to milliseconds. */
export function minutes(count: number): number {
  return seconds(count * 60)
}

/** Converts hours to milliseconds. */
export function hours(count: number): number {
  return minutes(count * 60)
}

/** Converts days to milliseconds. */
export function days(count: number): number {
  return hours(count * 24)
}
