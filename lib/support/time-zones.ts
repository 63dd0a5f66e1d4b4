/** Offsets of time zones, based on the time zone data of Node's ICU. Pure. */
import { DAY_MS, MINUTE_MS } from './duration.ts'

/** Interval within which the offset of a zone is constant, in milliseconds. Offsets change only at quarters of an hour. */
const CONSTANT_MS = 15 * MINUTE_MS

/** Allowed zones, to follow "must be". */
export const ZONE_FORM = 'UTC, an offset such as +01:00, or a zone such as Europe/Berlin'

/** Returns whether a zone is always the same offset from UTC. */
export function isOffset(timeZone: string): boolean {
  return /^([+-]([01]\d|2[0-3]):[0-5]\d|UTC|Z)$/i.test(timeZone)
}

/** Returns whether the time zone is an offset, or a name that is supported. */
export function isTimeZone(timeZone: string): boolean {
  if (isOffset(timeZone) || /^[+-]/.test(timeZone)) return isOffset(timeZone)
  try {
    return getZone(timeZone) !== undefined
  } catch {
    return false
  }
}

/**
 * Returns the offsets from UTC, in minutes, at which clocks in the zone show a local time. The offset of the earlier instant is
 * first. There are two offsets if clocks are set back at this time, and none if they are set forward.
 *
 * @param local local time on an existing day, such as `2026-03-29T02:30:00`
 */
export function localOffsets(timeZone: string, local: string): number[] {
  const asUtcMs = toUtcMs(local)
  const { offsetAt } = getZone(timeZone)
  return listOffsets(timeZone, asUtcMs).filter(offset => offsetAt(asUtcMs - offset * MINUTE_MS) === offset)
}

/**
 * Returns the instants that a local time can mean, in milliseconds since the epoch, the earlier one first. For a time that clocks skip,
 * these are the times that clocks show as long before and after the change. The list is empty if the text is not a time.
 */
export function possibleInstants(timeZone: string, local: string): number[] {
  const asUtcMs = toUtcMs(local)
  if (Number.isNaN(asUtcMs)) return []
  const offsets = localOffsets(timeZone, local)
  return (offsets.length > 0 ? offsets : listOffsets(timeZone, asUtcMs)).map(
    offset => asUtcMs - offset * MINUTE_MS,
  )
}

function toUtcMs(local: string): number {
  return Date.parse(`${local.replace(/:60(?=$|\.)/, ':59')}Z`)
}

/** Returns the offsets of a zone around a local time, the largest first. It assumes at most one change within two days. */
function listOffsets(timeZone: string, asUtcMs: number): number[] {
  const { offsetAt } = getZone(timeZone)
  return [...new Set([offsetAt(asUtcMs - DAY_MS), offsetAt(asUtcMs + DAY_MS)])].sort((a, b) => b - a)
}

/** Formats an offset in minutes as in RFC 3339, such as `+05:30`. */
export function offsetText(minutes: number): string {
  const size = Math.abs(minutes)
  const digits = (value: number) => String(value).padStart(2, '0')
  return `${minutes < 0 ? '-' : '+'}${digits(Math.floor(size / 60))}:${digits(size % 60)}`
}

interface Zone {
  /** Returns the offset at an instant, in minutes. Historic offsets that include seconds are rounded. */
  readonly offsetAt: (ms: number) => number
}

const ZONES = new Map<string, Zone>()
const MAX_ZONES = 200
/** Maximum number of cached intervals per zone. A small number is sufficient, because times in a log are close together. */
const MAX_KEPT = 1_000

function getZone(timeZone: string): Zone {
  const cachedZone = ZONES.get(timeZone)
  if (cachedZone) return cachedZone
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  const cachedOffsets = new Map<number, number>()
  const offsetAt = (ms: number): number => {
    const quarter = Math.floor(ms / CONSTANT_MS)
    const found = cachedOffsets.get(quarter) ?? readMinutes(format, quarter * CONSTANT_MS)
    if (cachedOffsets.size >= MAX_KEPT) cachedOffsets.clear()
    cachedOffsets.set(quarter, found)
    return found
  }
  const newZone = { offsetAt }
  // Records can name zones, too, in any letter case.
  if (ZONES.size >= MAX_ZONES) ZONES.clear()
  ZONES.set(timeZone, newZone)
  return newZone
}

/** Parses an offset such as `GMT+05:30` or `GMT`, and returns it in minutes. */
function readMinutes(format: Intl.DateTimeFormat, ms: number): number {
  const name = format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const [, sign = '+', hours = '0', minutes = '0'] = /^GMT(?:([+-])(\d{2}):(\d{2}))?/.exec(name) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}
