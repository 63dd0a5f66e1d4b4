const FIRST_MS = Date.parse('0000-01-01T00:00:00.000Z')
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z')

/**
 * Formats milliseconds since the epoch as RFC 3339, which supports the years 0 to 9999. A time outside this
 * range, such as nanoseconds in a record's timestamp, becomes the first or last instant of the range.
 */
export function instant(timeMs: number): string {
  return new Date(Math.min(Math.max(timeMs, FIRST_MS), LAST_MS)).toISOString()
}
