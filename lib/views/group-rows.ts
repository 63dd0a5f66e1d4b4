/** Rows of a group, from its state. Pure. */

import type { StoredWindow, WindowBounds } from '../windows/windows.ts'
import { type CompiledTable, compileTablePlan, type RowValues, rowValues } from './compiled-table.ts'
import type { GroupState } from './group-step.ts'
import type { Scalar, TablePlan } from './plan.ts'

export interface TableRow {
  readonly values: RowValues
  /** Time of the newest row of the group or of the window; absent for a row that has ended, and without a row since older versions. */
  readonly rowtimeMs?: number
  /** Bounds of the window; absent for a table without windows. */
  readonly window?: WindowBounds
  /** True if the window has ended, and its grace has passed. */
  readonly isFinal?: true
}

/**
 * Returns the rows of a group: one for each window, sorted by start, or one for a table without windows. Rows that do not meet the
 * condition of `HAVING` are omitted.
 */
export function rowsOfGroup(
  plan: TablePlan,
  group: readonly Scalar[],
  state: GroupState,
): readonly TableRow[] {
  const table = compileTablePlan(plan)
  const { closesMs } = table.windowing
  const clock = state.t ?? Number.NEGATIVE_INFINITY
  return state.w.flatMap(window => rowOfWindow(table, group, window, closesMs(window) <= clock) ?? [])
}

/** Returns the row of a window; undefined if it does not meet the condition of `HAVING`. */
export function rowOfWindow(
  table: CompiledTable,
  group: readonly Scalar[],
  window: StoredWindow,
  isFinal = false,
): TableRow | undefined {
  const values = rowValues(table, group, window[1], table.windowing.getBounds(window))
  return values && tableRow(table, values, window, isFinal)
}

/** Returns a row that has ended: the values of its key, and null for all others. */
export function createEndedRow(
  table: CompiledTable,
  group: readonly Scalar[],
  window: StoredWindow,
  isFinal = false,
): TableRow {
  const values = table.plan.columns.map(({ name, value }) => {
    return [name, value.kind === 'group' ? (group[value.index] ?? null) : null] as const
  })
  return tableRow(table, Object.fromEntries(values), window, isFinal)
}

function tableRow(
  { plan, windowing }: CompiledTable,
  values: RowValues,
  window: StoredWindow,
  isFinal: boolean,
): TableRow {
  const rowtimeMs = windowing.newestMs(window)
  const row = { values, ...(rowtimeMs !== undefined && { rowtimeMs }) }
  if (!plan.window) return row
  return { ...row, window: windowing.getBounds(window), ...(isFinal && { isFinal }) }
}
