/** Data series and marks for the charts of an entity. Pure. */

import { HOUR_MS, MINUTE_MS } from '../../../lib/support/duration.ts'
import { textFilter } from '../../../lib/support/text-match.ts'
import type { EntityNow, WatchingRule } from '../../api/telemetry/entity-details.ts'
import type { EntityHistory } from '../../api/telemetry/entity-history.ts'
import type { StoredHistory } from '../../api/telemetry/stored-history.ts'
import { addGaps, type Band, type Columns, type Level, type Span } from '../charts/chart-series.ts'

/** Number of metrics that are shown at once. An entity can have a hundred, and each has a chart. */
export const MANY_METRICS = 12

/**
 * Returns the indexes of the metrics to show: those that the entity has reported, and whose names fit.
 *
 * @param find words that the names must contain, ignoring case
 */
export function selectShown(metrics: EntityNow['metrics'], find: string): readonly number[] {
  const fits = textFilter(find)
  const fitting = metrics.flatMap(({ name, statistics }, index) => (statistics && fits(name) ? [index] : []))
  return fitting.slice(0, MANY_METRICS)
}

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

/** Multiple of an hour above which the line is interrupted: an hour without readings has no mean. */
const HOUR_GAP = 1.5

/** Returns the mean, minimum and maximum of each minute or hour from the database. The current hour ends at the end of the chart. */
export function toStoredColumns(
  { step, metrics }: Pick<StoredHistory, 'step' | 'metrics'>,
  { openMinute, endsMs }: Pick<EntityNow, 'openMinute' | 'endsMs'>,
  metric: string,
): Columns {
  const points = metrics[metric] ?? NO_POINTS
  const { startMs, mean, minimum, maximum } = points
  if (step === 'minute')
    return toMinuteColumns({ minutes: startMs, metrics: { [metric]: points } }, openMinute, metric)
  const times = startMs.map(ms => Math.min(ms + HOUR_MS / 2, endsMs) / 1_000)
  return addGaps({ times, lists: [mean, minimum, maximum] }, HOUR_MS / 1_000, HOUR_GAP)
}

const NO_POINTS: StoredHistory['metrics'][string] = { startMs: [], mean: [], minimum: [], maximum: [] }

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
  past: EntityHistory['alerts'],
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
    .filter(series => series.metric === metric)
    .map(({ severity, startedMs, endedMs }) => {
      return { fromS: startedMs / 1_000, toS: (endedMs ?? endsMs) / 1_000, severity }
    })
}
