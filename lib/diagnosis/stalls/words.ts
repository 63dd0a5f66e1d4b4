/** Returns the sorted names as a list, such as `alerting`, `alerting and processor` or `activity, alerting and processor`. */
export function listOf(names: Iterable<string>): string {
  const sorted = [...names].sort()
  const last = sorted.pop() ?? ''
  return sorted.length === 0 ? last : `${sorted.join(', ')} and ${last}`
}

export function recordsOf(count: number): string {
  return count === 1 ? '1 record' : `${count} records`
}
