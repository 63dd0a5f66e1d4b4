/** Option `--filter`, which selects the records to show. Pure. */
import { parseFilter } from '../../lib/queries/record-filter.ts'
import { mapped, parsedBy } from '../../packages/runtime/settings/values.ts'

/** Kind for the value of `--filter`. */
export const FILTER = parsedBy(
  parseFilter,
  'a name, an operator (= != > >= < <= ~ !~) and a value, such as data.temperature>30',
)

/** Kind for a condition that is kept as text. The text is validated here, and parsed again when the condition is used. */
export const CONDITION = mapped(
  parsedBy(text => (parseFilter(text) === undefined ? undefined : { text }), FILTER.allowed),
  ({ text }) => text,
)
