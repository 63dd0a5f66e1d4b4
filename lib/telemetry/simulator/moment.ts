/** Variables of a simulated value, apart from the sensor. */
export interface Moment {
  readonly seed: string
  /** Ticks since the epoch. */
  readonly tick: number
  /** Milliseconds since the epoch. */
  readonly timeMs: number
}

/** The metrics of a sensor at a moment, before any anomaly, and the other fields of its reading. */
export interface Observation {
  readonly metrics: Readonly<Record<string, number>>
  readonly fields: Readonly<Record<string, unknown>>
}

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

/** Solar time in hours since midnight, from 0 to below 24. 15° of longitude (east is positive) are an hour. */
export function solarHour(timeMs: number, longitude: number): number {
  const hours = timeMs / HOUR_MS + longitude / 15
  return ((hours % 24) + 24) % 24
}

/** A daily wave: 1 at the `peak` hour of solar time, -1 twelve hours later. */
export function diurnal(timeMs: number, longitude: number, peak: number): number {
  return Math.cos(((solarHour(timeMs, longitude) - peak) / 24) * 2 * Math.PI)
}
