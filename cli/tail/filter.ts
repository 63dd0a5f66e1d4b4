/** `--filter`: which records are shown. Pure. */
import { parseFilter } from '../../lib/queries/record-filter.ts'
import { mapped, parsedBy } from '../../packages/runtime/settings/values.ts'

/** Kind of `--filter`. */
export const FILTER = parsedBy(
  parseFilter,
  'a name, an operator (= != > >= < <= ~ !~) and a value, as data.temperature>30',
)

/** The text of such a condition, for what reads it again later. */
export const CONDITION = mapped(
  parsedBy(text => (parseFilter(text) === undefined ? undefined : { text }), FILTER.allowed),
  ({ text }) => text,
)
