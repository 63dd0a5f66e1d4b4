import { minValue, pipe, string, transform } from 'valibot'
import type { Kind } from '#runtime/settings'
import { parseDuration } from '../../lib/support/duration.ts'

/** Returns a setting for a positive duration. Its value is in milliseconds. */
export function duration(): Kind<number> {
  const allowed = 'a duration such as 90s, 5m or 1h30m'
  return {
    allowed,
    schema: pipe(
      string(),
      transform(value => parseDuration(value) ?? 0),
      minValue(1, `must be ${allowed}`),
    ),
  }
}
