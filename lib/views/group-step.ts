/**
 * State of a group of a table. Its windows depend on the set of rows, not on their order: rows arrive from several partitions, so
 * their order differs between a live run and a replay. Whether a row is late depends on the clock of its own entity; only a session
 * that rows of other entities keep open depends on which of them came first. Pure.
 */

import { findPosition, getLastMs, type StoredWindow, type Windowing } from '../windows/windows.ts'
import { type AggregatedRow, emptyStates, mergeStates, withRow } from './aggregates.ts'
import type { CompiledTable } from './compiled-table.ts'
import type { ViewRow } from './event-names.ts'

/** State of a group. The names are short, because there is one for each key. */
export interface GroupState {
  /** Windows, sorted by start. */
  readonly w: readonly StoredWindow[]
  /** Clock of a group with windows: the newest time of its rows and timers. */
  readonly t?: number
  /** Number of rows that were too late for at least one of their windows, or whose window had left. */
  readonly l?: number
  /** Time at which changes were emitted last. */
  readonly e?: number
  /** Starts of windows with changes that are not emitted yet. */
  readonly d?: readonly number[]
  /** Published rows that have not ended, by start and last row of their window. See `publication.ts`. */
  readonly s?: readonly (readonly [start: number, lastMs: number])[]
  /** Start of the newest window whose final row was published, unless a newer window ended without a row. */
  readonly f?: number
}

/** Changed window, whose row is to be published. */
interface RowChange {
  readonly window: StoredWindow
  readonly isFinal?: true
}

export interface GroupStep {
  /** Undefined if nothing is left of the group. */
  readonly state: GroupState | undefined
  readonly changes: readonly RowChange[]
  /** True if the row was too late for at least one of its windows, or if that window had left. */
  readonly isLate: boolean
}

/** Time between two changes of an open row, in milliseconds of event time. Changes in between are emitted as one. */
const CHANGES_EVERY_MS = 1000
/** Clock of a group before its first row. */
const NEVER = Number.NEGATIVE_INFINITY

/**
 * Adds a row to a group, or lets time pass.
 *
 * @param nowMs time of the row or of the timer
 * @param row absent for a timer
 */
export function groupStep(
  table: CompiledTable,
  state: GroupState | undefined,
  nowMs: number,
  row?: ViewRow & AggregatedRow,
): GroupStep {
  const { windowing, plan } = table
  const before = state?.t ?? NEVER
  const clock = plan.window ? Math.max(before, nowMs) : NEVER
  const windows = [...(state?.w ?? [])]
  const { touched, isLate } = row
    ? addRow(table, windows, row, before, clock)
    : { touched: new Set<number>(), isLate: false }
  const changes: RowChange[] = []
  const remainingWindows: StoredWindow[] = []
  for (const window of windows) {
    const closesMs = windowing.closesMs(window)
    if (closesMs <= clock && (touched.has(window[0]) || closesMs > before))
      changes.push({ window, isFinal: true })
    if (windowing.leavesMs(window) > clock) remainingWindows.push(window)
  }
  const dirty = new Set([...(state?.d ?? []), ...touched])
  const open = openChanges(table, windows, dirty, clock)
  const isDue = nowMs - (state?.e ?? NEVER) >= CHANGES_EVERY_MS
  if (isDue) changes.push(...open)
  const late = (state?.l ?? 0) + (isLate ? 1 : 0)
  const emittedMs = isDue && open.length > 0 ? nowMs : state?.e
  const pending = isDue ? [] : open.map(({ window }) => window[0])
  if (row === undefined && remainingWindows.length === 0 && pending.length === 0)
    return { state: undefined, changes, isLate }
  const next: GroupState = {
    w: remainingWindows,
    ...(plan.window && { t: clock }),
    ...(late > 0 && { l: late }),
    ...(emittedMs !== undefined && { e: emittedMs }),
    ...(pending.length > 0 && { d: pending }),
  }
  return { state: next, changes, isLate }
}

/** Returns the changes of rows that are not final. */
function openChanges(
  { plan, windowing }: CompiledTable,
  windows: readonly StoredWindow[],
  dirty: ReadonlySet<number>,
  clock: number,
): readonly RowChange[] {
  if (plan.isFinalOnly) return []
  const open = windows.filter(window => dirty.has(window[0]) && windowing.closesMs(window) > clock)
  return open.map(window => ({ window }))
}

/** Returns the time at which the group's timer is due: for changes to be emitted, or for a window to close or leave. */
export function groupDueMs({ windowing, plan }: CompiledTable, state: GroupState): number | undefined {
  const dues = state.d ? [(state.e ?? 0) + CHANGES_EVERY_MS] : []
  if (plan.window) {
    const clock = state.t ?? NEVER
    dues.push(...state.w.map(window => windowing.closesMs(window)).filter(closesMs => closesMs > clock))
    // Final windows leave with the newest one, or when the group takes a step.
    const newest = state.w.at(-1)
    dues.push(newest ? windowing.leavesMs(newest) : clock + plan.window.retentionMs)
  }
  const dueMs = Math.min(...dues)
  return Number.isFinite(dueMs) ? dueMs : undefined
}

/**
 * Adds a row to the windows, in place. Returns the starts of the windows that it has changed, and whether it is too late for one of
 * its windows. A row of hopping windows can be too late only for the older ones.
 */
function addRow(
  { windowing, plan: { aggregates, window: plan } }: CompiledTable,
  windows: StoredWindow[],
  row: ViewRow & AggregatedRow,
  before: number,
  clock: number,
): { readonly touched: Set<number>; readonly isLate: boolean } {
  const touched = new Set<number>()
  let isLate = false
  for (const start of windowing.startsAt(row.timeMs)) {
    let at = findPosition(windows, start)
    let count = 0
    if (plan?.kind === 'session') {
      const isNear = (window: StoredWindow | undefined) =>
        window !== undefined && window[0] - plan.gapMs <= start && start <= getLastMs(window) + plan.gapMs
      if (isNear(windows[at - 1])) at -= 1
      while (isNear(windows[at + count])) count += 1
    } else if (windows[at]?.[0] === start) count = 1
    const replacedWindows = windows.slice(at, at + count)
    const first = Math.min(start, ...replacedWindows.map(window => window[0]))
    const lastMs = Math.max(start, ...replacedWindows.map(getLastMs))
    const bounds: StoredWindow = [first, [], lastMs]
    // A window that has left would have this row alone.
    if (windowing.closesMs(bounds) <= (row.newestMs ?? row.timeMs) || windowing.leavesMs(bounds) <= clock) {
      isLate = true
      continue
    }
    const [states = emptyStates(aggregates), ...others] = replacedWindows.map(window => window[1])
    const merged = others.reduce((all, own) => mergeStates(aggregates, all, own), states)
    const added = withRow(aggregates, merged, row.inputs, row)
    const revision = computeRevision(windowing, replacedWindows, before)
    // There are many windows, so they have no parts that they do not need.
    const sinceStartMs = row.timeMs - windowing.getBounds(bounds).startMs
    const newestMs = Math.max(sinceStartMs, ...replacedWindows.map(window => window[4] ?? NEVER))
    const ofSession = revision > 0 ? [lastMs, revision] : lastMs > first ? [lastMs] : []
    const rest = plan?.kind === 'session' ? ofSession : [lastMs, revision, newestMs]
    windows.splice(at, count, [first, added, ...rest] as unknown as StoredWindow)
    touched.add(first)
  }
  return { touched, isLate }
}

/** Returns the revision of a window that replaces others: one more than theirs if one of them was final. */
function computeRevision(
  { closesMs }: Windowing,
  replacedWindows: readonly StoredWindow[],
  before: number,
): number {
  const revision = Math.max(0, ...replacedWindows.map(window => window[3] ?? 0))
  return replacedWindows.some(window => closesMs(window) <= before) ? revision + 1 : revision
}
