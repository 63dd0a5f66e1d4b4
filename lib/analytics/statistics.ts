/**
 * Running statistics of one metric, updated one value at a time by Welford's method. A sum of squares would lose precision if the
 * spread of the values is small compared with their mean.
 */
import type { MinuteSummary } from '../../schemas/types.ts'

/** State of the statistics of a metric. The state can be stored as JSON, and its size does not depend on the number of values. */
export interface Statistics {
  readonly count: number
  readonly mean: number
  /** Sum of the squared distances from the mean. */
  readonly m2: number
  readonly minimum: number
  readonly maximum: number
  /** Value with the latest event time. `lastAtMs` is its event time, in milliseconds since the epoch. */
  readonly last: number
  readonly lastAtMs: number
}

/** Statistics as shown and published. */
export type StatisticsSummary = MinuteSummary['metrics'][string]

/**
 * Maximum magnitude of a value. The square of a larger value could overflow and make the state unusable. Real sensors do not report
 * such values.
 */
const MAX_MAGNITUDE = 1e100

/** Returns whether a value is a number of a magnitude that statistics, sums and anomaly rules can include. */
export function isCountable(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= MAX_MAGNITUDE
}

/**
 * Returns the statistics with one more value. The order in which values are added affects only `last`. It is the value with the
 * latest event time; if several values have the same time, it is the one that was added last.
 *
 * @param timeMs event time, in milliseconds since the epoch
 */
export function counted(statistics: Statistics | undefined, measured: number, timeMs: number): Statistics {
  // Turn -0 into 0, as JSON does. Otherwise a stored state would be different when it is read again.
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
