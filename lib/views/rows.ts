/** Rows of a group, from its state. Pure. */
import { emptyStates, mergedStates } from './aggregates.ts'
import type { GroupState } from './group.ts'
import type { Scalar, TablePlan } from './plan.ts'
import { type CompiledTable, compiledTable, type RowValues, rowValues } from './table.ts'
import { rollingBounds, type StoredWindow, type WindowBounds } from './windows.ts'

export interface TableRow {
  readonly values: RowValues
  /** Bounds of the window; absent for a table without windows. */
  readonly window?: WindowBounds
  /** True if the window has ended, and its grace has passed, or if it is rolling. */
  readonly isFinal?: true
}

/**
 * Returns the rows of a group: one for each window, sorted by start, or one for a table without windows. Rows that do not meet the
 * condition of `HAVING` are omitted.
 *
 * @param nowMs end of a rolling window, unless the group has newer rows
 */
export function rowsOfGroup(
  plan: TablePlan,
  group: readonly Scalar[],
  state: GroupState,
  nowMs: number,
): readonly TableRow[] {
  const table = compiledTable(plan)
  const { leavesMs, closesMs } = table.windowing
  const clock = state.t ?? Number.NEGATIVE_INFINITY
  if (plan.window?.kind === 'rolling') {
    const endsMs = Math.max(clock, nowMs)
    const row = state.w.some(pane => leavesMs(pane) > endsMs) && rollingRow(table, group, state, endsMs)
    return row ? [row] : []
  }
  return state.w
    .filter(window => leavesMs(window) > clock)
    .flatMap(window => rowOfWindow(table, group, window, closesMs(window) <= clock) ?? [])
}

/** Returns the row of a window that is not rolling; undefined if it does not meet the condition of `HAVING`. */
export function rowOfWindow(
  table: CompiledTable,
  group: readonly Scalar[],
  window: StoredWindow,
  isFinal = false,
): TableRow | undefined {
  const bounds = table.windowing.boundsOf(window)
  const values = rowValues(table, group, window[1], bounds)
  if (!values || !table.plan.window) return values && { values }
  return { values, window: bounds, ...(isFinal && { isFinal }) }
}

/**
 * Returns the row of a rolling window; undefined if it does not meet the condition of `HAVING`. Without rows, its counts are 0.
 *
 * @param nowMs time at which the window ends
 */
export function rollingRow(
  table: CompiledTable,
  group: readonly Scalar[],
  state: GroupState | undefined,
  nowMs: number,
): TableRow | undefined {
  const { plan, windowing } = table
  if (plan.window?.kind !== 'rolling') throw new Error(`${plan.name} has no rolling window`)
  const states = (state?.w ?? [])
    .filter(pane => windowing.leavesMs(pane) > nowMs)
    .reduce((merged, [, own]) => mergedStates(plan.aggregates, merged, own), emptyStates(plan.aggregates))
  const window = rollingBounds(plan.window, nowMs)
  const values = rowValues(table, group, states, window)
  // It ends now, so rules may look at it as at other windows that have ended.
  return values && { values, window, isFinal: true }
}
