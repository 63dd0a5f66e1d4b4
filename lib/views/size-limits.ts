/**
 * Bounds of the state of a group, and of the work for a row. Statements, and plans from events and files, are checked against the
 * same ones. Pure.
 */

import { computeRetentionMs, type WindowPlan } from '../windows/windows.ts'
import { type Aggregate, type Expression, LISTS, MAX_TEXT_LENGTH, type TablePlan } from './plan.ts'

/** Maximum number of values of `TOPK` and `TOPKDISTINCT`. */
export const MAX_TOP = 100
export const MAX_WINDOWS = 1_000
/** Minimum time between the starts of two windows, in milliseconds. */
export const LEAST_STEP_MS = 1_000
const MAX_BYTES = 1024 * 1024
/** Maximum sizes of stored values, in bytes. */
const NUMBER_BYTES = 50
const DISTINCT_BYTES = 1_030
const MAX_EXPRESSIONS = 10_000
const MAX_DEPTH = 1_000
const WINDOW_KINDS: readonly string[] = ['tumbling', 'hopping', 'session'] satisfies WindowPlan['kind'][]

/** Returns the number of windows that a group keeps. */
export function windowCount(
  sizeMs: number,
  stepMs: number,
  window: Pick<WindowPlan, 'graceMs' | 'retentionMs'>,
): number {
  return Math.ceil((computeRetentionMs(window) + sizeMs) / stepMs)
}

/** Returns the number of windows that a group may keep. */
export function maxWindows(aggregates: readonly Aggregate[]): number {
  return Math.min(MAX_WINDOWS, Math.floor(MAX_BYTES / windowBytes(aggregates)))
}

/** Returns the size that the stored states of aggregates can have, in bytes, without numbers of unusual length. */
export function windowBytes(aggregates: readonly Aggregate[]): number {
  return aggregates.reduce((sum, aggregate) => sum + NUMBER_BYTES + computeStateBytes(aggregate), 0)
}

function computeStateBytes({ function: name, argument, parameter = 1 }: Aggregate): number {
  if (name === 'COUNT_DISTINCT') return DISTINCT_BYTES
  if (!LISTS.includes(name) && name !== 'FIRST' && name !== 'LAST') return 0
  const isNumber = argument?.kind === 'field' && argument.type !== 'VARCHAR'
  return parameter * (isNumber ? NUMBER_BYTES : MAX_TEXT_LENGTH)
}

/** @throws Error for the first table that is beyond the bounds */
export function checkBounds(tables: readonly TablePlan[]): void {
  for (const table of tables) {
    const error = boundsError(table)
    if (error !== undefined) throw new Error(`${table.name}: ${error}`)
  }
}

/** Returns an error message for a table that is beyond the bounds, undefined for any other. */
export function boundsError(table: Omit<TablePlan, 'name' | 'generation' | 'statement'>): string | undefined {
  const { aggregates, window, where, having } = table
  const lists = aggregates.filter(aggregate => LISTS.includes(aggregate.function))
  if (!lists.every(({ parameter = 0 }) => isWithin(parameter, 1, MAX_TOP)))
    return `TOPK and TOPKDISTINCT keep 1 to ${MAX_TOP} values`
  if (window && !isValidWindow(window)) return 'the window is unknown, or one of its times is out of range'
  const windows = window ? windowCount(...getTimes(window), window) : 1
  const most = maxWindows(aggregates)
  if (windows > most) return `a group would keep ${windows} windows, and ${most} are allowed`
  const values = [...table.group, ...table.columns].map(({ value }) => value)
  const argumentExpressions = aggregates.map(({ argument }) => argument)
  const all = [...values, ...argumentExpressions, where, having].filter(limit => limit !== undefined)
  return areBounded(all) ? undefined : 'its expressions are too long, or nested too deeply'
}

function isValidWindow(window: WindowPlan): boolean {
  const { kind, graceMs, retentionMs } = window
  const [sizeMs, stepMs] = getTimes(window)
  return (
    WINDOW_KINDS.includes(kind) &&
    isWithin(sizeMs, LEAST_STEP_MS) &&
    isWithin(stepMs, LEAST_STEP_MS, sizeMs) &&
    isWithin(graceMs, 0) &&
    isWithin(retentionMs, graceMs)
  )
}

function getTimes(window: WindowPlan): readonly [sizeMs: number, stepMs: number] {
  if (window.kind === 'session') return [window.gapMs, window.gapMs]
  return [window.sizeMs, window.kind === 'hopping' ? window.advanceMs : window.sizeMs]
}

function isWithin(value: number, least: number, most = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most
}

function areBounded(expressions: readonly Expression[]): boolean {
  let [level, count] = [expressions, 0]
  for (let depth = 0; level.length > 0; depth += 1) {
    count += level.length
    if (depth > MAX_DEPTH || count > MAX_EXPRESSIONS) return false
    level = level.flatMap(listParts)
  }
  return true
}

function listParts(expression: Expression): readonly Expression[] {
  if (expression.kind === 'call') return expression.arguments
  if (expression.kind !== 'case') return []
  return [...expression.branches.flatMap(({ when, then }) => [when, then]), expression.otherwise]
}
