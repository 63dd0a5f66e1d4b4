/** Rows of tables that are declared in SQL. The page names a table and a key, so that no parser is needed. */
import { maxLength, minLength, optional, pipe, string } from 'valibot'
import { selectRows } from '../../control/queries/states/view-rows.ts'
import { textFilter } from '../../lib/support/text-match.ts'
import type { TableRow } from '../../lib/views/evaluation.ts'
import { type ActivatedPlan, readableTables, type Scalar, type TablePlan } from '../../lib/views/index.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import { declareSharedQuery } from '../http/declare-route.ts'
import { ProblemError } from '../http/problem.ts'

/** Maximum number of rows on a page. A key selects others. */
const MAX_ROWS = 1_000

const NAME = pipe(string(), minLength(1, 'is missing'), maxLength(300, 'is too long'))
const KEY = optional(pipe(string(), maxLength(2_000, 'is too long')), '')

export function declareSqlTableRoutes(environment: ConsoleEnvironment) {
  return {
    '/tables/rows': declareSharedQuery({ table: NAME, key: KEY }, ({ table, key }) =>
      readTableRows(environment, table, key.trim()),
    ),
  }
}

async function readTableRows(environment: ConsoleEnvironment, name: string, key: string) {
  const table = requireTable(await environment.sqlTables(), name)
  const [states, topic] = await Promise.all([environment.inspection(), environment.topicSize('view-rows')])
  const query = { limit: MAX_ROWS, toAnswer: (row: TableRow) => row }
  const group = parseGroup(table, key)
  const fits = textFilter(key)
  const exact = group && (await selectRows(states, topic, table, { ...query, group }))
  const selection =
    exact && exact.rows.length > 0
      ? exact
      : await selectRows(states, topic, table, {
          ...query,
          toAnswer: row => (fits(formatKey(table, row)) ? row : undefined),
        })
  const { statement, columns, window = null } = table
  return {
    statement,
    window,
    columns: columns.map(({ name, type, isKey = false, isApproximate = false }) => {
      return { name, type, isKey, isApproximate }
    }),
    ...selection,
  }
}

function requireTable(plan: ActivatedPlan, name: string): TablePlan {
  const table = readableTables(plan).find(table => table.name === name)
  if (table) return table
  throw new ProblemError('not-found', `There is no table ${name} that can be read. It may have been dropped.`)
}

/** Returns the group that a text names completely; undefined if the key has several columns, or another type. */
export function parseGroup({ group }: Pick<TablePlan, 'group'>, key: string): readonly Scalar[] | undefined {
  const [column, other] = group
  if (!column || other || key === '') return undefined
  if (column.type === 'VARCHAR') return [key]
  const value = Number(key)
  return (column.type === 'BIGINT' || column.type === 'DOUBLE') && Number.isFinite(value)
    ? [value]
    : undefined
}

/** Returns the values of the row's key. */
function formatKey({ columns }: TablePlan, { values }: TableRow): string {
  return columns.flatMap(({ name, isKey }) => (isKey ? [String(values[name])] : [])).join(' ')
}
