import { textFilter } from '../../lib/support/text-match.ts'
import { formatWindow } from '../../lib/windows/windows.ts'
import { readTableSizes } from '../queries/states/view-rows.ts'
import { column, count, type Tone } from './column.ts'
import { textField } from './field.ts'
import { describeNotInForce, readNotInForce } from './not-in-force.ts'
import { question } from './question.ts'

export const SQL_TABLES = question({
  title: 'Declared tables',
  about: `List the tables that are declared in SQL, in config/views or by statements that were sent, with the number of their groups,
and of the rows that were dropped because they arrived too late for their windows.

A table can be read once it is active. The states of all groups are read, so the time of the query depends on their number.`,
  more: `
Examples:
  sluice views list
  sluice views list --find counts --json`,
  filter: { find: textField('part of the name of a table', 'counts') },
  async read(environment, { find = '' }, { most, nowMs }) {
    const [{ tables, building }, states, topic, saved] = await Promise.all([
      environment.sqlTables(),
      environment.inspection(),
      environment.topicSize('view-rows'),
      readNotInForce(environment, ['table', 'family']),
    ])
    const fits = textFilter(find)
    const matching = tables.filter(({ name }) => fits(name))
    const shown = { tables: matching.slice(0, most), building }
    const sizes = matching.length === 0 ? [] : await readTableSizes(states, topic, shown)
    const rows = sizes.map(
      ({ table: { name, generation, window = null, statement }, isBuilding, ...size }) => ({
        key: `${name} ${generation}`,
        ...{ name, generation, statement, window },
        windows: window && formatWindow(window),
        state: isBuilding ? 'building' : 'active',
        tone: (isBuilding ? 'warn' : 'good') satisfies Tone,
        ...size,
      }),
    )
    return { rows, more: matching.length - rows.length, notes: describeNotInForce(saved, nowMs) }
  },
}).shownAs({
  key: 'key',
  columns: [
    column('name', { heading: 'Table', link: 'table', terminal: { least: 20 } }),
    column('state', { tone: 'tone' }),
    column('windows', { terminal: { leaveOut: 1 } }),
    count('groups'),
    count('late', { heading: 'Late rows' }),
  ],
  empty:
    'There are no tables. Write statements into config/views, and outside `npm start` run `sluice views apply`.',
})
