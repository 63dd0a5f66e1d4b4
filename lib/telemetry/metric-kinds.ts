/** What the numbers of a metric are, as the file of its family says. Pure. */
import type { Family } from './families.ts'

/**
 * - `gauge`: a value that rises and falls.
 * - `counter`: a sum that only rises, and begins again at 0 when the device restarts.
 * - `direction`: an angle in degrees, for which 0 and 360 are the same.
 */
export const METRIC_KINDS = ['gauge', 'counter', 'direction'] as const
export type MetricKind = (typeof METRIC_KINDS)[number]

/** Returns what a metric is. A metric that the family does not declare is a gauge. */
export function findMetricKind({ kinds }: Pick<Family, 'kinds'>, metric: string): MetricKind {
  return kinds[metric] ?? 'gauge'
}

/**
 * Returns how much a counter has risen from one value to the next. A fall is a restart, after which the device has counted from 0.
 * Prometheus computes resets in the same way.
 */
export function computeRise(from: number, to: number): number {
  return to >= from ? to - from : Math.max(to, 0)
}
