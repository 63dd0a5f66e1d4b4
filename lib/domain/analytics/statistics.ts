/**
 * Running statistics of one metric: a few numbers that take in one value at a time, whatever came before.
 * Welford's method: it needs no sum of squares, which would lose the digits of a small spread around a large mean.
 */

/** State: survives JSON, and stays this size however many values it has seen. */
export interface Statistics {
  readonly count: number
  readonly mean: number
  /** Sum of the squared distances from the mean. */
  readonly m2: number
  readonly minimum: number
  readonly maximum: number
  /** The value of the latest event time, and that time in milliseconds since the epoch. */
  readonly last: number
  readonly lastAtMs: number
}

/** What people and the analytics topic get to see. */
export interface StatisticsSummary {
  readonly count: number
  readonly mean: number
  /** Of the population: the spread of these values themselves, not an estimate from a sample. 0 for a single one. */
  readonly standardDeviation: number
  readonly minimum: number
  readonly maximum: number
  readonly last: number
  /** RFC 3339. */
  readonly lastAt: string
}

/** Beyond this a square could overflow, and with it the state, for good. No sensor measures so much. */
const GREATEST = 1e100

/** Whether statistics can take the value in. */
export function isCountable(value: number): boolean {
  return Math.abs(value) <= GREATEST
}

/**
 * The statistics with one more value. Order matters to none but `last`: that is the value of the latest event time,
 * and of several at one instant, the one that was counted last.
 *
 * @param timeMs event time, milliseconds since the epoch
 */
export function counted(statistics: Statistics | undefined, measured: number, timeMs: number): Statistics {
  // -0 becomes 0, as it does in JSON: a state is the same before and after it was stored.
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
