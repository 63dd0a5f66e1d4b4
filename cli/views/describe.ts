import { tableNamed } from '../../lib/operations/views/drop.ts'
import { type TableSize, tableSizes } from '../../lib/queries/view-rows.ts'
import type { TableColumn } from '../../lib/tables/table.ts'
import type { TableColumn as Column, TablePlan } from '../../lib/views/plan.ts'
import { argument, command, environment, JSON_OPTION, SOME_TEXT } from '../command.ts'
import { configOf } from '../connections.ts'
import { rowsText } from '../table.ts'
import { printReport } from '../terminal.ts'
import { withViews } from './servers.ts'
import { windowText } from './text.ts'

const COLUMNS: readonly TableColumn<Column>[] = [
  { name: 'column', value: ({ name }) => name },
  { name: 'type', value: ({ type }) => type },
  {
    name: 'note',
    value: ({ isKey, isApproximate }) => (isKey ? 'key' : isApproximate ? 'approximate' : ''),
  },
]

export default command({
  about:
    'Show the columns of a table, its windows, its statement, and how many rows were dropped as too late.',
  more: `
Examples:
  sluice views describe device_sensor_stats
  sluice views describe device_sensor_stats --json`,
  args: { table: argument('name of the table', SOME_TEXT) },
  options: {
    json: JSON_OPTION,
    env: environment('of the table'),
  },
  run: ({ table: name, json, env }, terminal) =>
    withViews(configOf(terminal, env), async ({ plan, states, rows }) => {
      const named = tableNamed(plan, name)
      const { columns, window, ...table } = named
      const sizes = await tableSizes(states, await rows(), { tables: [named], building: [] })
      const { groups, late } = sizes[0] as TableSize
      const report = {
        ...{ table: table.name, generation: table.generation, signal: table.signal, window: window ?? null },
        ...{ groups, late },
        columns: columns.map(({ value: _, ...column }) => column),
        statement: table.statement,
      }
      printReport(terminal, report, json, (_, width) =>
        describedText({ columns, groups, late, ...table, ...(window && { window }) }, width),
      )
    }),
})

function describedText(
  {
    name,
    generation,
    signal,
    window,
    columns,
    statement,
    groups,
    late,
  }: Pick<TablePlan, 'name' | 'generation' | 'signal' | 'window' | 'columns' | 'statement'> &
    Pick<TableSize, 'groups' | 'late'>,
  width: number | undefined,
): string {
  const windows = window ? `, ${windowText(window)}` : ''
  const counts = `groups: ${groups}, rows that were dropped as too late: ${late}`
  return `${name} (generation ${generation}), from ${signal}${windows}\n${counts}\n\n${rowsText(COLUMNS, columns, width)}\n\n${statement}\n`
}
