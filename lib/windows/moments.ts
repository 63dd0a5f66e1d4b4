/**
 * Count, mean and spread of numbers, updated by Welford's method, and merged by that of Chan, Golub and LeVeque. A sum of squares would
 * lose precision if the spread is small compared with the mean. Pure.
 */
export interface Moments {
  readonly count: number
  readonly mean: number
  /** Sum of the squared distances from the mean. */
  readonly m2: number
}

export const NO_VALUES: Moments = { count: 0, mean: 0, m2: 0 }

/**
 * Maximum magnitude of a value. The square of a larger value could overflow and make the state unusable. Real sensors do not report
 * such values.
 */
const MAX_MAGNITUDE = 1e100

/** Returns whether a value is a number of a magnitude that statistics, sums and anomaly rules can include. */
export function isCountable(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= MAX_MAGNITUDE
}

export function withValue(moments: Moments, value: number): Moments {
  const count = moments.count + 1
  const distance = value - moments.mean
  const mean = moments.mean + distance / count
  return { count, mean, m2: moments.m2 + distance * (value - mean) }
}

export function mergedMoments(a: Moments, b: Moments): Moments {
  const count = a.count + b.count
  if (count === 0) return a
  const distance = b.mean - a.mean
  return {
    count,
    mean: a.mean + (distance * b.count) / count,
    m2: a.m2 + b.m2 + (distance * distance * a.count * b.count) / count,
  }
}

/**
 * Returns the standard deviation of a sample, with the divisor n − 1, as `STDDEV_SAMP` of SQL does; undefined for fewer than two
 * values.
 */
export function sampleDeviation({ count, m2 }: Pick<Moments, 'count' | 'm2'>): number | undefined {
  return count < 2 ? undefined : Math.sqrt(m2 / (count - 1))
}
