import { median } from './statistics.ts'

/** One measured figure, with its value in each round. */
export interface Figure {
  /** Unique among all figures: the benchmark, a slash, and what was measured. */
  readonly name: string
  readonly unit: string
  /** One value for each round. */
  readonly rounds: readonly number[]
  readonly goal?: Goal
  /** Which direction is worse; undefined for figures that are shown for information only. */
  readonly worse?: 'higher' | 'lower'
}

export type Goal = { readonly atMost: number } | { readonly atLeast: number }

/** All figures of one run, as written to a file. */
export interface Report {
  readonly date: string
  readonly machine: string
  readonly figures: readonly Figure[]
}

/** A figure with a goal. The goal also determines which direction is worse. */
export function aimed(name: string, unit: string, goal: Goal, rounds: readonly number[]): Figure {
  return { name, unit, rounds, goal, worse: 'atMost' in goal ? 'higher' : 'lower' }
}

/** The median of all rounds: the value that counts. */
function computeMedian({ rounds }: Figure): number {
  return median(rounds)
}

/** The distance from the lowest round to the highest. */
function computeSpread({ rounds }: Figure): number {
  return Math.max(...rounds) - Math.min(...rounds)
}

function isMet(figure: Figure): boolean | undefined {
  const { goal } = figure
  if (goal === undefined) return undefined
  return 'atMost' in goal ? computeMedian(figure) <= goal.atMost : computeMedian(figure) >= goal.atLeast
}

/**
 * Formats the figures as a table for people.
 *
 * @param isQuick true if no goal is judged, because code of either side may not have been compiled yet
 */
export function table(figures: readonly Figure[], isQuick = false): string {
  const rows = figures.map(figure => [
    figure.name,
    `${number(computeMedian(figure))} ${figure.unit}`.trim(),
    figure.rounds.length > 1
      ? `${number(Math.min(...figure.rounds))} to ${number(Math.max(...figure.rounds))}`
      : '',
    getGoal(figure),
    formatVerdict(figure, isQuick),
  ])
  return columns([['', 'median', 'lowest to highest', 'goal', ''], ...rows])
}

function formatVerdict(figure: Figure, isQuick: boolean): string {
  const met = isMet(figure)
  if (met === undefined) return ''
  if (isQuick) return 'not judged by --quick'
  return met ? 'met' : 'MISSED'
}

/**
 * Lists the figures that became worse since an earlier run by more than the spread of either run. Compares only figures
 * that both runs have.
 */
export function slower(before: readonly Figure[], now: readonly Figure[]): string {
  const earlier = new Map(before.map(figure => [figure.name, figure]))
  const pairs = now.flatMap(figure => {
    const old = earlier.get(figure.name)
    return old && figure.worse ? [[old, figure] as const] : []
  })
  if (pairs.length === 0) throw new Error('the file to compare with has no figure in common with this run')
  const rows = pairs
    .filter(([old, figure]) => isSlower(old, figure))
    .map(([old, figure]) => [
      figure.name,
      `${number(computeMedian(old))} → ${number(computeMedian(figure))} ${figure.unit}`.trim(),
      `spread ${number(computeSpread(old))} and ${number(computeSpread(figure))}`,
    ])
  if (rows.length === 0) return `none of ${pairs.length} figures is worse by more than the spread`
  return `${rows.length} of ${pairs.length} figures are worse by more than the spread:\n${columns(rows)}`
}

function isSlower(old: Figure, figure: Figure): boolean {
  const change = computeMedian(figure) - computeMedian(old)
  const worseBy = figure.worse === 'higher' ? change : -change
  return worseBy > Math.max(computeSpread(old), computeSpread(figure))
}

function getGoal({ goal, unit }: Figure): string {
  if (goal === undefined) return ''
  return 'atMost' in goal
    ? `at most ${goal.atMost} ${unit}`.trim()
    : `at least ${goal.atLeast} ${unit}`.trim()
}

function number(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en')
  return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2)
}

function columns(rows: readonly (readonly string[])[]): string {
  const width = (column: number) => Math.max(...rows.map(row => (row[column] ?? '').length))
  return rows
    .map(row => row.map((cell, column) => cell.padEnd(width(column))).join('  '))
    .map(line => `  ${line.trimEnd()}`)
    .join('\n')
}
