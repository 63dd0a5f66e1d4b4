/** Plans of tables, and rows that are computed from all records at once, independent of the consumer `views`. */

import { compileTablePlan } from '../../lib/views/compiled-table.ts'
import { type GroupState, groupDueMs, groupStep } from '../../lib/views/group-step.ts'
import type { Aggregate, AggregateName, Expression, TablePlan } from '../../lib/views/plan.ts'
import type { WindowPlan } from '../../lib/windows/windows.ts'

const field = (...path: string[]): Expression => ({
  kind: 'field',
  path,
  type: path.at(-1) === 'value' || path.at(-1) === 'x' ? 'DOUBLE' : 'VARCHAR',
})

export const EVERY_AGGREGATE: readonly (readonly [AggregateName, number?])[] = [
  ['COUNT'],
  ['SUM'],
  ['AVG'],
  ['STDDEV'],
  ['MIN'],
  ['MAX'],
  ['FIRST'],
  ['LAST'],
  ['TOPK', 3],
  ['TOPKDISTINCT', 3],
  ['COUNT_DISTINCT'],
]

/** Returns a table over readings of devices, with a column for each aggregate of `x`, and the number of rows. */
export function tablePlan(
  window?: WindowPlan,
  choices: Partial<TablePlan> & { readonly of?: readonly (readonly [AggregateName, number?])[] } = {},
): TablePlan {
  const { of = EVERY_AGGREGATE, ...others } = choices
  const aggregates: readonly Aggregate[] = [
    { function: 'COUNT' },
    ...of.map(([name, parameter]) => ({
      function: name,
      argument: field('data', 'x'),
      ...(parameter !== undefined && { parameter }),
    })),
  ]
  const names = ['rows', ...of.map(([name]) => name)]
  return {
    name: 'stats',
    generation: '00000001',
    statement: '',
    signal: 'readings',
    group: [{ name: 'activity', type: 'VARCHAR', value: field('data', 'activity') }],
    ...(window && { window }),
    aggregates,
    columns: [
      { name: 'activity', type: 'VARCHAR', value: { kind: 'group', index: 0 }, isKey: true },
      ...names.map((name, index) => ({
        name,
        type: 'DOUBLE' as const,
        value: { kind: 'aggregate', index } as const,
      })),
    ],
    ...others,
  }
}

/** Row of a group. */
export interface TestRow {
  readonly id: string
  readonly timeMs: number
  readonly x: number | null
  /** Newest time of the row's entity. */
  readonly newestMs: number
}

export interface DirectRow {
  readonly window?: readonly [startMs: number, endMs: number]
  readonly rows: readonly TestRow[]
}

/** Splits rows into sessions, from the times of all of them. */
function listSessions(rows: readonly TestRow[], gapMs: number): TestRow[][] {
  const sessions: TestRow[][] = []
  for (const row of rows.toSorted((a, b) => a.timeMs - b.timeMs)) {
    const last = sessions.at(-1)?.at(-1)
    if (last && row.timeMs - last.timeMs <= gapMs) sessions.at(-1)?.push(row)
    else sessions.push([row])
  }
  return sessions
}

/**
 * Returns the rows of each window of a group, from all rows at once.
 *
 * @param rows in the order of their arrival, which decides whether a late row meets an open session
 */
export function directWindows(window: WindowPlan | undefined, rows: readonly TestRow[]): DirectRow[] {
  if (!window) return rows.length === 0 ? [] : [{ rows }]
  const { graceMs } = window
  if (window.kind === 'session') {
    let accepted: readonly TestRow[] = []
    for (const row of rows) {
      const own = listSessions([...accepted, row], window.gapMs).find(value => value.includes(row))
      if ((own?.at(-1)?.timeMs ?? 0) + window.gapMs + graceMs >= row.newestMs) accepted = [...accepted, row]
    }
    const sessions = listSessions(accepted, window.gapMs)
    return sessions.map(own => ({ window: [own[0]?.timeMs ?? 0, own.at(-1)?.timeMs ?? 0], rows: own }))
  }
  const { sizeMs } = window
  const advanceMs = window.kind === 'tumbling' ? sizeMs : window.advanceMs
  const nowMs = Math.max(...rows.map(({ timeMs }) => timeMs))
  const oldestMs = Math.min(...rows.map(({ timeMs }) => timeMs))
  const firstMs = Math.floor((oldestMs - sizeMs) / advanceMs) * advanceMs
  const all: DirectRow[] = []
  for (let startMs = firstMs; startMs <= nowMs; startMs += advanceMs) {
    const endMs = startMs + sizeMs
    const isIn = ({ timeMs, newestMs }: TestRow) =>
      timeMs >= startMs && timeMs < endMs && endMs + graceMs > newestMs
    all.push({ window: [startMs, endMs], rows: rows.filter(isIn) })
  }
  return all.filter(row => row.rows.length > 0)
}

/** Returns the values of every aggregate, from all rows at once. */
export function directValues(rows: readonly TestRow[]): Readonly<Record<string, unknown>> {
  const fit = rows.filter((row): row is TestRow & { x: number } => row.x !== null)
  const values = fit.map(({ x }) => x).sort((a, b) => a - b)
  const inOrder = fit.toSorted((a, b) => a.timeMs - b.timeMs || (a.id < b.id ? -1 : 1))
  const sum = values.reduce((total, value) => total + value, 0)
  const mean = sum / values.length
  const squares = values.reduce((total, value) => total + (value - mean) ** 2, 0)
  const some = <T>(value: T, least = 1) => (values.length < least ? null : value)
  return {
    rows: rows.length,
    COUNT: values.length,
    SUM: some(sum),
    AVG: some(mean),
    STDDEV: some(Math.sqrt(squares / (values.length - 1)), 2),
    MIN: some(values[0]),
    MAX: some(values.at(-1)),
    FIRST: some(inOrder[0]?.x),
    LAST: some(inOrder.at(-1)?.x),
    TOPK: values.toReversed().slice(0, 3),
    TOPKDISTINCT: [...new Set(values.toReversed())].slice(0, 3),
    COUNT_DISTINCT: new Set(values).size,
  }
}

/** Returns the state of a group after rows, with its timers as the runtime fires them before a later event. */
export function groupAfter(plan: TablePlan, rows: readonly TestRow[]): GroupState | undefined {
  const table = compileTablePlan(plan)
  let state: GroupState | undefined
  for (const { id, timeMs, x, newestMs } of rows) {
    for (;;) {
      const dueMs: number | undefined = state && groupDueMs(table, state)
      if (dueMs === undefined || dueMs >= timeMs) break
      state = groupStep(table, state, dueMs).state
    }
    const inputs = plan.aggregates.map((_, index) => (index === 0 ? null : x))
    const row = { inputs, id, timeMs, ...(plan.window && { newestMs }) }
    state = JSON.parse(JSON.stringify(groupStep(table, state, timeMs, row).state))
  }
  return state
}
