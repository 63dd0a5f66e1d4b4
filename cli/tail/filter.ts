/** Option `--filter`, which selects the records to show. Pure. */
import { parseFilter } from '../../lib/queries/record-filter.ts'
import { mapped, parsedBy } from '../../packages/runtime/settings/values.ts'

/** Kind for the value of `--filter`. */
export const FILTER = parsedBy(
  parseFilter,
  'a name, an operator (= != > >= < <= ~ !~) and a value, such as data.temperature>30',
)

/** Kind for the text of such a condition, which is parsed again later. */
export const CONDITION = mapped(
  parsedBy(text => (parseFilter(text) === undefined ? undefined : { text }), FILTER.allowed),
  ({ text }) => text,
)
