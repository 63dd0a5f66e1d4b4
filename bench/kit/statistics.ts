/** The median: the value in the middle, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  return (percentile(values, 0.5) + percentile(values, 0.5, 'upper')) / 2
}

/** The smallest value such that the given part of all values (0 to 1) is not above it. */
export function percentile(
  values: readonly number[],
  part: number,
  side: 'lower' | 'upper' = 'lower',
): number {
  const sorted = values.toSorted((a, b) => a - b)
  const rank = sorted.length * part
  const index = side === 'lower' ? Math.ceil(rank) - 1 : Math.floor(rank)
  return sorted[Math.min(sorted.length - 1, Math.max(0, index))] ?? Number.NaN
}
