/** What the numbers of a metric are, as the file of its family says. Pure. */
/**
 * - `gauge`: a value that rises and falls.
 * - `counter`: a sum that only rises, and begins again at 0 when the device restarts.
 * - `direction`: an angle in degrees, for which 0 and 360 are the same.
 */
export type MetricKind = 'gauge' | 'counter' | 'direction'

/** Returns what a metric is. A metric that the family does not declare is a gauge. */
export function findMetricKind(
  { kinds }: { readonly kinds: Readonly<Record<string, MetricKind>> },
  metric: string,
): MetricKind {
  return kinds[metric] ?? 'gauge'
}

/**
 * Returns how much a counter has risen from one value to the next. A fall is a restart, after which the device has counted from 0.
 * Prometheus computes resets in the same way.
 */
export function computeRise(from: number, to: number): number {
  return to >= from ? to - from : Math.max(to, 0)
}
