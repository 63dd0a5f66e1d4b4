/**
 * Running statistics of one metric, updated one value at a time with Welford's method. It needs no sum of squares, which
 * would lose the digits of a small spread around a large mean.
 */
import type { MinuteSummary } from '../../schemas/types.ts'

/** The state: can be stored as JSON, and has the same size after any number of values. */
export interface Statistics {
  readonly count: number
  readonly mean: number
  /** Sum of the squared distances from the mean. */
  readonly m2: number
  readonly minimum: number
  readonly maximum: number
  /** The value with the latest event time, and that time in milliseconds since the epoch. */
  readonly last: number
  readonly lastAtMs: number
}

/** The form in which statistics are shown and published. */
export type StatisticsSummary = MinuteSummary['metrics'][string]

/** The square of a larger value could overflow and leave the state unusable. No sensor measures such values. */
const MAX_MAGNITUDE = 1e100

/** Returns whether a value is small enough for statistics. */
export function isCountable(value: number): boolean {
  return Math.abs(value) <= MAX_MAGNITUDE
}

/**
 * Returns the statistics with one more value. The order matters only for `last`: the value with the latest event time,
 * and among values of the same time, the one counted last.
 *
 * @param timeMs event time, milliseconds since the epoch
 */
export function counted(statistics: Statistics | undefined, measured: number, timeMs: number): Statistics {
  // Turns -0 into 0, as JSON does, so that storing a state does not change it.
  const value = measured + 0
  if (statistics === undefined) {
    return { count: 1, mean: value, m2: 0, minimum: value, maximum: value, last: value, lastAtMs: timeMs }
  }
  const count = statistics.count + 1
  const distance = value - statistics.mean
  const mean = statistics.mean + distance / count
  const isLatest = timeMs >= statistics.lastAtMs
  return {
    count,
    mean,
    m2: statistics.m2 + distance * (value - mean),
    minimum: Math.min(statistics.minimum, value),
    maximum: Math.max(statistics.maximum, value),
    last: isLatest ? value : statistics.last,
    lastAtMs: isLatest ? timeMs : statistics.lastAtMs,
  }
}

export function summaryOf(statistics: Statistics): StatisticsSummary {
  const { count, mean, m2, minimum, maximum, last, lastAtMs } = statistics
  return {
    count,
    mean,
    standardDeviation: Math.sqrt(m2 / count),
    minimum,
    maximum,
    last,
    lastAt: new Date(lastAtMs).toISOString(),
  }
}
