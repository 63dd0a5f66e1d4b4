/** Converts timestamps in recorded data to RFC 3339. */
import { text } from '../../../packages/runtime/settings/values.ts'

/** Setting for an offset from UTC, such as `-05:30`. */
export const UTC_OFFSET = text(/^[+-](?:[01]\d|2[0-3]):[0-5]\d$/, '±hh:mm, such as +00:00 or -05:30')

const TIMESTAMP =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2}(?:\.\d+)?)?[ ]?(?:(Z)|([+-]\d{2}):?(\d{2}))?)?$/i

/**
 * Converts a timestamp to RFC 3339. It must contain a date and a time; seconds and time zone are optional. Without a time zone,
 * `offset` is used. Returns undefined for any other form. Whether the day exists is checked when the event is read.
 */
export function rfc3339(text: string, offset: string): string | undefined {
  const match = TIMESTAMP.exec(text.trim())
  if (!match) return undefined
  const [, date, minutes = '00:00', seconds = ':00', utc, hours, rest] = match
  const zone = utc || !hours ? (utc ?? offset) : `${hours}:${rest}`
  return `${date}T${minutes}${seconds}${/^Z$|^\+00:00$/i.test(zone) ? 'Z' : zone}`
}
