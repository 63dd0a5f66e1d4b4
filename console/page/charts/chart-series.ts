/** Data series, marks and value range of a chart. Times are in epoch seconds, as uPlot requires. Pure. */

import type { MetricKind } from '../../../lib/telemetry/index.ts'

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

/** Shape of a mark, its severity if it has one, and its text. */
type LegendEntry = [shape: string, severity: string, text: string]

/** Returns the legend of a chart of statistics. */
export function listLegend(marks: Marks, step: string, is: MetricKind): LegendEntry[] {
  const list = (shape: string, text: string, of: readonly { readonly severity: string }[]) =>
    [...new Set(of.map(({ severity }) => severity))].map(
      (severity): LegendEntry => [shape, severity, `${text}, ${severity}`],
    )
  const value = isIncrease(is, step) ? 'increase' : is === 'counter' ? 'last value' : 'mean'
  return [
    ['line', '', step === 'reading' ? 'each reading' : `${value} of each ${step}`],
    ...(is === 'gauge' && step !== 'reading' ? [['area', '', 'least to greatest'] as LegendEntry] : []),
    ...list('area usual', 'usual values of a rule', marks.bands),
    ...list('level', 'threshold of a rule', marks.levels),
    ...list('area since', 'alert firing', marks.spans),
  ]
}

/** Returns whether the points of a metric are its increases: readings and seconds of a counter have its value. */
export function isIncrease(is: MetricKind, step: string): boolean {
  return is === 'counter' && (step === 'minute' || step === 'hour')
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
): (Point & { readonly distance: number }) | undefined {
  const points = lines.flatMap(({ columns: { times, lists } }, line) => {
    const distances = times.map(time => Math.abs(time - atS))
    const index = distances.indexOf(Math.min(...distances))
    const own = lists[0]?.[index]
    return typeof own === 'number' ? [{ line, index, distance: Math.abs(own - value) }] : []
  })
  return points.sort((a, b) => a.distance - b.distance)[0]
}

/** Value of a chart: its line, and its index within the line. */
export interface Point {
  readonly line: number
  readonly index: number
}

/** Returns the values between two times in epoch milliseconds, in order of time. */
export function listPoints(lines: readonly { readonly columns: Columns }[], fromMs: number, toMs: number) {
  return lines
    .flatMap(({ columns: { times, lists } }, line) =>
      times.map((atS, index) => ({ line, index, atMs: atS * 1_000, value: lists[0]?.[index] ?? null })),
    )
    .filter(({ atMs, value }) => value !== null && atMs >= fromMs && atMs <= toMs)
    .sort((a, b) => a.atMs - b.atMs || a.line - b.line)
}

/** Returns the point to which a key leads: the next or the previous one, the first or the last. */
export function movePoint<P extends Point>(
  points: readonly P[],
  at: Point | undefined,
  key: string,
): P | undefined {
  const place = at
    ? points.findIndex(({ line, index }) => line === at.line && index === at.index)
    : points.length
  const places: Partial<Record<string, number>> = {
    ArrowLeft: place - 1,
    ArrowRight: place + 1,
    Home: 0,
    End: Infinity,
  }
  const to = places[key]
  return to === undefined ? undefined : points[Math.max(0, Math.min(to, points.length - 1))]
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
