/** Kind for the bounds of a period in the history. */
import { dayOf } from '../../lib/history/object-key.ts'
import { either, parsedBy } from '../../packages/runtime/settings/values.ts'
import { TIME_OR_AGO } from '../command.ts'

export const DAY_TEXT = 'a day such as 2026-11-20 (UTC), an RFC 3339 time, or a duration before now'

/** Kind for a day, whose value is its beginning, a time, or a duration before now; in milliseconds since the epoch. */
export const DAY_OR_TIME = either(
  parsedBy(value => {
    const timeMs = Date.parse(value)
    return !Number.isNaN(timeMs) && dayOf(timeMs) === value ? timeMs : undefined
  }, 'a day such as 2026-11-20'),
  TIME_OR_AGO,
)
