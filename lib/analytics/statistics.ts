/** Running statistics of one metric, updated one value at a time. */
import type { MinuteSummary } from '../schemas/types.ts'
import { type Moments, NO_VALUES, sampleDeviation, withValue } from '../windows/moments.ts'

/** State of the statistics of a metric. The state can be stored as JSON, and its size does not depend on the number of values. */
export interface Statistics extends Moments {
  readonly minimum: number
  readonly maximum: number
  /** Value with the latest event time. `lastAtMs` is its event time, in milliseconds since the epoch. */
  readonly last: number
  readonly lastAtMs: number
}

/** Statistics as shown and published. */
export type StatisticsSummary = MinuteSummary['metrics'][string]

/**
 * Returns the statistics with one more value. The order in which values are added affects only `last`. It is the value with the
 * latest event time; if several values have the same time, it is the one that was added last.
 *
 * @param timeMs event time, in milliseconds since the epoch
 */
export function addValue(statistics: Statistics | undefined, measured: number, timeMs: number): Statistics {
  // Turn -0 into 0, as JSON does. Otherwise a stored state would be different when it is read again.
  const value = measured + 0
  const { count, mean, m2 } = withValue(statistics ?? NO_VALUES, value)
  const isLatest = statistics === undefined || timeMs >= statistics.lastAtMs
  return {
    count,
    mean,
    m2,
    minimum: Math.min(statistics?.minimum ?? value, value),
    maximum: Math.max(statistics?.maximum ?? value, value),
    last: isLatest ? value : statistics.last,
    lastAtMs: isLatest ? timeMs : statistics.lastAtMs,
  }
}

export function summarizeStatistics(statistics: Statistics): StatisticsSummary {
  const { count, mean, minimum, maximum, last, lastAtMs } = statistics
  return {
    count,
    mean,
    // A single value has no deviation of a sample, but the published schema requires one.
    standardDeviation: sampleDeviation(statistics) ?? 0,
    minimum,
    maximum,
    last,
    lastAt: new Date(lastAtMs).toISOString(),
  }
}
