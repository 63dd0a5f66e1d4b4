/** Offsets of time zones, from the rules in Node's ICU data. Pure. */

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** Interval within which an offset is constant, in milliseconds: rules change only at quarters of an hour. */
const CONSTANT_MS = 15 * MINUTE_MS

/** Returns whether the zone is known. */
export function isTimeZone(timeZone: string): boolean {
  try {
    return zone(timeZone) !== undefined
  } catch {
    return false
  }
}

/**
 * Returns the offsets from UTC, in minutes, at which clocks in the zone show a local time, the earlier
 * instant first. There are two when clocks are set back, and none when they are set forward.
 *
 * @param local local time of an existing day, such as `2026-03-29T02:30:00`
 */
export function localOffsets(timeZone: string, local: string): number[] {
  const asUtcMs = Date.parse(`${local.replace(/:60(?=$|\.)/, ':59')}Z`)
  const { offsetAt } = zone(timeZone)
  // Assumes that no zone changes its offset twice within two days.
  const candidates = new Set([offsetAt(asUtcMs - DAY_MS), offsetAt(asUtcMs + DAY_MS)])
  return [...candidates]
    .filter(offset => offsetAt(asUtcMs - offset * MINUTE_MS) === offset)
    .sort((a, b) => b - a)
}

/** Returns an offset in minutes in the form of RFC 3339, such as `+05:30`. */
export function offsetText(minutes: number): string {
  const size = Math.abs(minutes)
  const digits = (value: number) => String(value).padStart(2, '0')
  return `${minutes < 0 ? '-' : '+'}${digits(Math.floor(size / 60))}:${digits(size % 60)}`
}

interface Zone {
  /** Returns the offset in minutes at an instant. Historic offsets with seconds are rounded. */
  readonly offsetAt: (ms: number) => number
}

const ZONES = new Map<string, Zone>()
/** Maximum number of cached intervals for each zone. Times in a log are close together, so few are needed. */
const MAX_KEPT = 1_000

function zone(timeZone: string): Zone {
  const known = ZONES.get(timeZone)
  if (known) return known
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  const kept = new Map<number, number>()
  const offsetAt = (ms: number): number => {
    const quarter = Math.floor(ms / CONSTANT_MS)
    const found = kept.get(quarter) ?? minutesIn(format, quarter * CONSTANT_MS)
    if (kept.size >= MAX_KEPT) kept.clear()
    kept.set(quarter, found)
    return found
  }
  const made = { offsetAt }
  ZONES.set(timeZone, made)
  return made
}

/** Parses an offset such as `GMT+05:30`, or only `GMT`. */
function minutesIn(format: Intl.DateTimeFormat, ms: number): number {
  const name = format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const [, sign = '+', hours = '0', minutes = '0'] = /^GMT(?:([+-])(\d{2}):(\d{2}))?/.exec(name) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}
