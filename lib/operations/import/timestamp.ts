/** Converts timestamps in recorded data to RFC 3339. */
import { text } from '#runtime/settings/index.ts'
import { readTime } from '../../mapping/read-time.ts'

/** Setting for an offset from UTC, such as `-05:30`. */
export const UTC_OFFSET = text(/^[+-](?:[01]\d|2[0-3]):[0-5]\d$/, '±hh:mm, such as +00:00 or -05:30')

const DAY = /^\d{4}-\d{2}-\d{2}$/

/**
 * Converts a timestamp to RFC 3339, as a mapping does. A day is the beginning of the day. Without a time zone, `offset` is used.
 * Returns undefined for any other text.
 */
export function toRfc3339(text: string, offset: string): string | undefined {
  const day = text.trim()
  const read = readTime(DAY.test(day) ? `${day}T00:00` : text, { timeZone: offset })
  return 'time' in read ? read.time : undefined
}
