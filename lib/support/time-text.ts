/** Formats times for people. Pure. */

import { parseTime } from '#runtime/cloudevents'

/** Returns a time in UTC, such as `2026-03-01T12:00:00.000Z`; unchanged if it is in UTC. @param time RFC 3339, in any zone */
export function utcTime(time: string): string {
  if (time.endsWith('Z')) return time
  const ms = parseTime(time)
  return Number.isNaN(ms) ? time : new Date(ms).toISOString()
}

/** Returns a time in UTC without fractions of a second, such as `2026-03-01T12:00:00Z`. */
export function utcSecond(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z')
}

/** Returns a time in the zone of this process, such as `13:00:00`, or with its date if this is not the current one. */
export function localTime(timeMs: number, nowMs: number): string {
  // The Swedish form of a time is the ISO form.
  const [date, time] = new Date(timeMs).toLocaleString('sv').split(' ')
  const [today] = new Date(nowMs).toLocaleString('sv').split(' ')
  return date === today ? `${time}` : `${date} ${time}`
}
