/** Data series, marks and value range of a chart. Times are in epoch seconds, as uPlot requires. Pure. */

import type { MetricKind } from '../../../lib/telemetry/metric-kinds.ts'

/**
 * Times, and lists with a value for each time. Null is a gap in the line. Undefined means that the list has no value at this time.
 */
export interface Columns {
  readonly times: readonly number[]
  readonly lists: readonly (readonly (number | null | undefined)[])[]
}

/** Horizontal line in a chart. */
export interface Level {
  readonly value: number
  readonly name: string
  readonly severity: string
}

/** Usual values of a rule that learns: times in epoch seconds, and the least and the most usual value. */
export interface Band {
  readonly severity: string
  readonly points: readonly (readonly [atS: number, least: number, most: number])[]
}

/** Period in which an alert was firing. For an alert that is still firing, the end is after the end of the chart. */
export interface Span {
  readonly fromS: number
  readonly toS: number
  readonly severity: string
  /** Line in which it is shown; the whole height of the chart by default. */
  readonly columns?: Columns
}

/** What a chart shows beside its values. */
export interface Marks {
  readonly levels: readonly Level[]
  readonly spans: readonly Span[]
  readonly bands: readonly Band[]
}

/** Returns the legend of charts of statistics: the shape of each mark, its severity if it has one, and its text. */
export function listLegend(
  marks: readonly Marks[],
  step = 'minute',
  kinds: readonly MetricKind[] = ['gauge'],
): [shape: string, severity: string, text: string][] {
  const list = (shape: string, text: string, of: readonly { readonly severity: string }[]) =>
    [...new Set(of.map(({ severity }) => severity))].map((severity): [string, string, string] => [
      shape,
      severity,
      `${text}, ${severity}`,
    ])
  return [
    ...(step === 'reading'
      ? [['line', '', 'each reading'] as [string, string, string]]
      : ([
          ...(kinds.some(is => is !== 'counter') ? [['line', '', `mean of each ${step}`]] : []),
          ...(kinds.includes('counter') ? [['line', '', `increase of each ${step}`]] : []),
          ...(kinds.includes('gauge') ? [['area', '', 'least to greatest']] : []),
        ] as [string, string, string][])),
    ...list(
      'area',
      'usual values of a rule',
      marks.flatMap(({ bands }) => bands),
    ),
    ...list(
      'level',
      'threshold of a rule',
      marks.flatMap(({ levels }) => levels),
    ),
    ...list(
      'area',
      'alert firing',
      marks.flatMap(({ spans }) => spans),
    ),
  ]
}

/** Multiple of the usual interval between points above which the line is interrupted. */
const GAP_FACTOR = 3.5

/**
 * Adds gaps where the interval between two points is much longer than usual.
 *
 * @param leastS lower limit for the usual interval, in seconds
 * @param breaks returns whether the line is interrupted before a point for another reason
 */
export function addGaps(
  { times, lists }: Columns,
  leastS: number,
  factor = GAP_FACTOR,
  breaks: (index: number) => boolean = () => false,
): Columns {
  const steps = times.slice(1).map((time, index) => time - (times[index] as number))
  const usual = steps.toSorted((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0
  const longest = Math.max(leastS, usual) * factor
  const broken = steps.flatMap((step, index) => (step > longest || breaks(index + 1) ? [index + 1] : []))
  if (broken.length === 0) return { times, lists }
  const isBroken = new Set(broken)
  const breaking = <T>(values: readonly T[], gap: (index: number) => T) =>
    values.flatMap((value, index) => (isBroken.has(index) ? [gap(index), value] : [value]))
  return {
    times: breaking(times, index => ((times[index - 1] as number) + (times[index] as number)) / 2),
    lists: lists.map(values => breaking<number | null | undefined>(values, () => null)),
  }
}

/** Returns the part of the columns between two times in epoch milliseconds. */
export function sliceColumns({ times, lists }: Columns, fromMs: number, toMs: number): Columns {
  const isDrawn = (_: unknown, index: number) => {
    const atMs = (times[index] as number) * 1_000
    return atMs >= fromMs && atMs <= toMs
  }
  return { times: times.filter(isDrawn), lists: lists.map(values => values.filter(isDrawn)) }
}

/**
 * Returns the point that is nearest in time to a position and, of those of several lines, the one with the nearest value. Undefined
 * within a gap.
 */
export function findNearest(
  lines: readonly { readonly columns: Columns }[],
  atS: number,
  value: number,
): { readonly line: number; readonly index: number; readonly distance: number } | undefined {
  const points = lines.flatMap(({ columns: { times, lists } }, line) => {
    const distances = times.map(time => Math.abs(time - atS))
    const index = distances.indexOf(Math.min(...distances))
    const own = lists[0]?.[index]
    return typeof own === 'number' ? [{ line, index, distance: Math.abs(own - value) }] : []
  })
  return points.sort((a, b) => a.distance - b.distance)[0]
}

/** Minimum share of the chart's height for the data, even if a threshold is far away. */
const LEAST_SHARE = 1 / 3
const MARGIN = 0.08

/** Returns the value range of a chart, which includes all values and the thresholds near them. Undefined without values. */
export function computeRange(
  lists: readonly (readonly (number | null | undefined)[])[],
  levels: readonly Level[],
): [least: number, most: number] | undefined {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of lists.flat()) {
    if (value === null || value === undefined) continue
    least = Math.min(least, value)
    most = Math.max(most, value)
  }
  if (least > most) return undefined
  const own = most - least || Math.abs(most) / 10 || 1
  const byDistance = levels
    .map(({ value }) => ({ value, distance: Math.max(least - value, value - most, 0) }))
    .sort((a, b) => a.distance - b.distance)
  for (const { value } of byDistance) {
    const [low, high] = [Math.min(least, value), Math.max(most, value)]
    if (own / (high - low || own) < LEAST_SHARE) break
    least = low
    most = high
  }
  return addMargin(least, most)
}

function addMargin(least: number, most: number): [number, number] {
  const margin = (most - least || Math.abs(most) / 10 || 1) * MARGIN
  return [least - margin, most + margin]
}
