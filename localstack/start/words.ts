/** `alerting`, `alerting and processor`, `activity, alerting and processor`. */
export function listOf(names: Iterable<string>): string {
  const sorted = [...names].sort()
  const last = sorted.pop() ?? ''
  return sorted.length === 0 ? last : `${sorted.join(', ')} and ${last}`
}

export function recordsOf(count: number): string {
  return count === 1 ? '1 record' : `${count} records`
}

/** `0.4 s`, `12 s`, `5 min 12 s`, `2 h 3 min`: as exact as a person wants to know it. */
export function durationOf(ms: number): string {
  if (ms < 9_950) return `${Number((ms / 1_000).toFixed(1))} s`
  const seconds = Math.round(ms / 1_000)
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3_600)]
  if (hours > 0) return joined(`${hours} h`, minutes % 60, 'min')
  return minutes > 0 ? joined(`${minutes} min`, seconds % 60, 's') : `${seconds} s`
}

function joined(larger: string, rest: number, unit: string): string {
  return rest === 0 ? larger : `${larger} ${rest} ${unit}`
}
