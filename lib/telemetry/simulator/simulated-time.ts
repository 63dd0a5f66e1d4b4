/** Point in time for which values are simulated, and the seed of the simulation. */
import { HOUR_MS } from '../../support/duration.ts'
export interface Moment {
  readonly seed: string
  /** Number of ticks since the epoch. */
  readonly tick: number
  /** Time in milliseconds since the epoch. */
  readonly timeMs: number
}

/** Metrics of a sensor at a moment, and the other fields of its reading. */
export interface Observation {
  readonly metrics: Readonly<Record<string, number>>
  readonly fields: Readonly<Record<string, unknown>>
}

/**
 * Returns the solar time in hours since midnight, from 0 to below 24. One hour corresponds to 15° of longitude; east is positive.
 */
export function solarHour(timeMs: number, longitude: number): number {
  const hours = timeMs / HOUR_MS + longitude / 15
  return ((hours % 24) + 24) % 24
}

/** Returns the value of a daily wave: 1 at solar hour `peak`, and -1 twelve hours later. */
export function diurnal(timeMs: number, longitude: number, peak: number): number {
  return Math.cos(((solarHour(timeMs, longitude) - peak) / 24) * 2 * Math.PI)
}
