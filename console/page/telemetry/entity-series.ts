/** Data series for the charts of an entity. Times are in epoch seconds, as uPlot requires. Pure. */
import type { EntityNow, WatchingRule } from '../../api/telemetry/entity-details.ts'
import type { AlertSpan, EntityHistory } from '../../api/telemetry/entity-history.ts'

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
}

const MINUTE_MS = 60_000
/** Multiple of the usual interval between points above which the line is interrupted. */
const GAP_FACTOR = 3.5

/** Returns the mean, minimum and maximum of each minute, at the middle of the minute. The current minute is last. */
export function toMinuteColumns(
  { minutes, metrics }: Pick<EntityHistory, 'minutes' | 'metrics'>,
  { startMs, metrics: open }: EntityNow['openMinute'],
  metric: string,
): Columns {
  const columns = metrics[metric]
  const before = minutes.filter(minute => minute < startMs)
  const column = (name: 'mean' | 'minimum' | 'maximum') => [
    ...before.map((_, index) => columns?.[name][index] ?? undefined),
    open[metric]?.[name],
  ]
  const times = [...before, startMs].map(minute => (minute + MINUTE_MS / 2) / 1_000)
  return addGaps({ times, lists: [column('mean'), column('minimum'), column('maximum')] }, MINUTE_MS / 1_000)
}

/**
 * Adds gaps where the interval between two points is much longer than usual.
 *
 * @param leastS lower limit for the usual interval, in seconds
 */
export function addGaps({ times, lists }: Columns, leastS: number): Columns {
  const steps = times.slice(1).map((time, index) => time - (times[index] as number))
  const usual = steps.toSorted((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0
  const longest = Math.max(leastS, usual) * GAP_FACTOR
  const broken = steps.flatMap((step, index) => (step > longest ? [index + 1] : []))
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
  const isIn = (_: unknown, index: number) => {
    const atMs = (times[index] as number) * 1_000
    return atMs >= fromMs && atMs <= toMs
  }
  return { times: times.filter(isIn), lists: lists.map(values => values.filter(isIn)) }
}

/** Returns the thresholds of the rules that compare values of the metric. */
export function toLevels(rules: readonly WatchingRule[], metric: string): Level[] {
  const comparing = rules.filter(
    rule => rule.metric === metric && rule.compares === 'value' && !rule.isPaused,
  )
  return comparing.flatMap(({ name, severity, fireAbove, fireBelow }) => [
    ...(fireAbove === null ? [] : [{ value: fireAbove, name: `${name} above`, severity }]),
    ...(fireBelow === null ? [] : [{ value: fireBelow, name: `${name} below`, severity }]),
  ])
}

/** Returns the usual values of the rules that have learned them. A bound that is not known is left out. */
export function toBands(rules: readonly WatchingRule[]): Band[] {
  return rules.flatMap(({ severity, learned }) => {
    const points = (learned?.usual ?? []).flatMap(([atMs, least, most]) =>
      least === null || most === null ? [] : [[atMs / 1_000, least, most] as const],
    )
    return points.length > 1 ? [{ severity, points }] : []
  })
}

/**
 * Returns the alerts of a metric. These are the alerts that were read from the topic, and firing alerts that started before the
 * range that was read.
 */
export function toSpans(
  past: readonly AlertSpan[],
  active: EntityNow['alerts'],
  { metric, endsMs }: { readonly metric: string; readonly endsMs: number },
): Span[] {
  const pastIds = new Set(past.map(({ id }) => id))
  const others = active.flatMap(({ alert }) => {
    if (!alert || pastIds.has(alert.alertId)) return []
    const { metric: own = null, severity, startedAt } = alert
    return [{ metric: own, severity, startedMs: Date.parse(startedAt), endedMs: null }]
  })
  return [...past, ...others]
    .filter(one => one.metric === metric)
    .map(({ severity, startedMs, endedMs }) => {
      return { fromS: startedMs / 1_000, toS: (endedMs ?? endsMs) / 1_000, severity }
    })
}

/** Minimum share of the chart's height for the data, even if a threshold is far away. */
const LEAST_SHARE = 1 / 3
const MARGIN = 0.08

/** Returns the value range of a chart, which includes all values and the thresholds near them. */
export function computeRange(
  lists: readonly (readonly (number | null | undefined)[])[],
  levels: readonly Level[],
): [least: number, most: number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of lists.flat()) {
    if (value === null || value === undefined) continue
    least = Math.min(least, value)
    most = Math.max(most, value)
  }
  if (least > most) return addMargin(0, 1)
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
