/** Many values of one metric. */
import type { Metrics } from '@aws-lambda-powertools/metrics'
import { METRICS } from './metric-names.ts'

/** CloudWatch takes 100 values of a metric from a line; at the hundredth, Powertools ends the line by itself. */
const MOST_VALUES = 99

/** Adds as many of the values as a line takes. */
export function addValues(metrics: Metrics, name: keyof typeof METRICS, values: readonly number[]): void {
  for (const value of spread(values, MOST_VALUES)) metrics.addMetric(name, METRICS[name], value)
}

/**
 * As many values as fit, evenly by rank, the lowest and the highest among them: percentiles of what is written are those of
 * what was measured, whichever records came first.
 */
function spread(values: readonly number[], most: number): readonly number[] {
  if (values.length <= most) return values
  const sorted = [...values].sort((a, b) => a - b)
  const step = (sorted.length - 1) / (most - 1)
  return Array.from({ length: most }, (_, index) => sorted[Math.round(index * step)] as number)
}
