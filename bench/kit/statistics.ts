/** The middle of the values, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  return (percentile(values, 0.5) + percentile(values, 0.5, 'upper')) / 2
}

/** The smallest value that so great a part of all values do not exceed. */
export function percentile(
  values: readonly number[],
  part: number,
  side: 'lower' | 'upper' = 'lower',
): number {
  const sorted = values.toSorted((a, b) => a - b)
  const place = sorted.length * part
  const index = side === 'lower' ? Math.ceil(place) - 1 : Math.floor(place)
  return sorted[Math.min(sorted.length - 1, Math.max(0, index))] ?? Number.NaN
}
