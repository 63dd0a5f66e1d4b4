/** Durations in milliseconds, for timers. */

/** Returns seconds in milliseconds. */
export function seconds(count: number): number {
  return count * 1_000
}

/** Returns minutes in milliseconds. */
export function minutes(count: number): number {
  return seconds(count * 60)
}

/** Returns hours in milliseconds. */
export function hours(count: number): number {
  return minutes(count * 60)
}

/** Returns days in milliseconds. */
export function days(count: number): number {
  return hours(count * 24)
}
