import { type TableSize, tableSizes } from '../../lib/queries/view-rows.ts'
import type { TableColumn } from '../../lib/tables/table.ts'
import { command, environment, JSON_OPTION } from '../command.ts'
import { configOf } from '../connections.ts'
import { rowsText } from '../table.ts'
import { printReport } from '../terminal.ts'
import { withViews } from './servers.ts'
import { windowText } from './text.ts'

interface Row {
  readonly table: string
  readonly generation: string
  /** `building` until the records of the past are in the table. */
  readonly state: 'active' | 'building'
  readonly window: string | null
  readonly groups: number
  readonly late: number
}

const COLUMNS: readonly TableColumn<Row>[] = [
  { name: 'table', least: 12, value: ({ table }) => table },
  { name: 'generation', leaveOut: 2, value: ({ generation }) => generation },
  { name: 'state', value: ({ state }) => state },
  { name: 'window', leaveOut: 1, value: ({ window }) => window },
  { name: 'groups', type: 'count', value: ({ groups }) => groups },
  { name: 'late', type: 'count', value: ({ late }) => late },
]

export default command({
  about: `List the tables that are declared in SQL, with their generation, which changes with the statement, the number of their
groups, and the number of rows that arrived too late for their window.`,
  more: `
Examples:
  sluice views list
  sluice views list --env staging --json`,
  options: {
    json: JSON_OPTION,
    env: environment('to look at'),
  },
  run: ({ json, env }, terminal) =>
    withViews(configOf(terminal, env), async ({ plan, states, rows }) => {
      const sizes = plan.tables.length === 0 ? [] : await tableSizes(states, await rows(), plan)
      printReport(terminal, { tables: sizes.map(rowOf) }, json, ({ tables }, width) =>
        tables.length === 0
          ? 'There are no tables. `sluice views apply` creates those of config/views.\n'
          : `${rowsText(COLUMNS, tables, width)}\n`,
      )
    }),
})

function rowOf({ table, isBuilding, groups, late }: TableSize): Row {
  const { name, generation, window } = table
  const state = isBuilding ? 'building' : 'active'
  return { table: name, generation, state, window: window ? windowText(window) : null, groups, late }
}
