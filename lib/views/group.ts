/**
 * State of a group of a table. Its windows depend on the set of rows, not on their order: rows arrive from several partitions, so
 * their order differs between a live run and a replay. Whether a row is late depends on the clock of its own entity. Pure.
 */
import { type AggregatedRow, emptyStates, mergedStates, withRow } from './aggregates.ts'
import type { ViewRow } from './event-names.ts'
import type { CompiledTable } from './table.ts'
import { lastOf, positionOf, type StoredWindow } from './windows.ts'

/** State of a group. The names are short, because there is one for each key. */
export interface GroupState {
  /** Windows, sorted by start. */
  readonly w: readonly StoredWindow[]
  /** Clock of a group with windows: the newest time of its rows and timers. */
  readonly t?: number
  /** Number of rows that were too late, by the clock of their entity, for at least one of their windows. */
  readonly l?: number
  /** Time at which changes were emitted last. */
  readonly e?: number
  /** Starts of windows with changes that are not emitted yet. */
  readonly d?: readonly number[]
}

/** Change of a row that is to be emitted. */
export interface RowChange {
  readonly window: StoredWindow
  readonly isFinal?: true
}

export interface GroupStep {
  /** Undefined if nothing is left of the group. */
  readonly state: GroupState | undefined
  readonly changes: readonly RowChange[]
  /** True if a row was added to at least one window. */
  readonly isApplied: boolean
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
    ? addRow(table, windows, row, clock)
    : { touched: new Set<number>(), isLate: false }
  const isApplied = touched.size > 0
  const changes: RowChange[] = []
  const kept: StoredWindow[] = []
  for (const window of windows) {
    const closesMs = windowing.closesMs(window)
    const isTouched = touched.has(window[0])
    const isRevised = isTouched && closesMs <= before && isIn(state, window)
    const next = isRevised ? revised(window) : window
    if (closesMs <= clock && (isTouched || closesMs > before)) changes.push({ window: next, isFinal: true })
    if (windowing.leavesMs(window) > clock) kept.push(next)
  }
  const dirty = new Set([...(state?.d ?? []), ...touched])
  const open = openChanges(table, windows, dirty, clock)
  const isDue = nowMs - (state?.e ?? NEVER) >= CHANGES_EVERY_MS
  if (isDue) changes.push(...open)
  const late = (state?.l ?? 0) + (isLate ? 1 : 0)
  const emittedMs = isDue && open.length > 0 ? nowMs : state?.e
  const pending = isDue ? [] : open.map(({ window }) => window[0])
  if (row === undefined && kept.length === 0 && pending.length === 0)
    return { state: undefined, changes, isApplied, isLate }
  const next: GroupState = {
    w: kept,
    ...(plan.window && { t: clock }),
    ...(late > 0 && { l: late }),
    ...(emittedMs !== undefined && { e: emittedMs }),
    ...(pending.length > 0 && { d: pending }),
  }
  return { state: next, changes, isApplied, isLate }
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
 * Adds a row to the windows, in place. Returns the starts of the windows that it has changed, and whether it is late for one of its
 * windows. Both differ from each other: a row of hopping windows can be late only for the older ones, and a window may have left
 * because another entity is ahead, so its row is not late.
 */
function addRow(
  { windowing, plan: { aggregates, window: plan } }: CompiledTable,
  windows: StoredWindow[],
  row: ViewRow & AggregatedRow,
  clock: number,
): { readonly touched: Set<number>; readonly isLate: boolean } {
  const touched = new Set<number>()
  let isLate = false
  const newestMs = row.newestMs ?? row.timeMs
  for (const start of windowing.startsAt(row.timeMs)) {
    if (windowing.lateMs(start) <= newestMs) {
      isLate = true
      continue
    }
    let at = positionOf(windows, start)
    let known: StoredWindow = [start, emptyStates(aggregates)]
    let replaced = 0
    if (plan?.kind === 'session') {
      const near = (window: StoredWindow | undefined) =>
        window !== undefined && window[0] - plan.gapMs <= start && start <= lastOf(window) + plan.gapMs
      if (near(windows[at - 1])) at -= 1
      for (; near(windows[at + replaced]); replaced += 1)
        known = joined(aggregates, known, windows[at + replaced] as StoredWindow)
    } else if (windows[at]?.[0] === start) {
      known = windows[at] as StoredWindow
      replaced = 1
    }
    // The window has left, so a row of it alone would be wrong.
    if (windowing.leavesMs(known) <= clock) continue
    const [first, states, ...rest] = known
    windows.splice(at, replaced, [first, withRow(aggregates, states, row.inputs, row), ...rest])
    touched.add(first)
  }
  return { touched, isLate }
}

function joined(
  aggregates: CompiledTable['plan']['aggregates'],
  a: StoredWindow,
  b: StoredWindow,
): StoredWindow {
  const [first, states] = [Math.min(a[0], b[0]), mergedStates(aggregates, a[1], b[1])]
  const lastMs = Math.max(lastOf(a), lastOf(b))
  const revision = Math.max(a[3] ?? 0, b[3] ?? 0)
  return revision > 0 ? [first, states, lastMs, revision] : [first, states, lastMs]
}

function isIn(state: GroupState | undefined, window: StoredWindow): boolean {
  return state?.w.some(([start]) => start === window[0]) ?? false
}

function revised(window: StoredWindow): StoredWindow {
  return [window[0], window[1], lastOf(window), (window[3] ?? 0) + 1]
}
