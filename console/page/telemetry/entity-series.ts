/** Data series and marks for the charts of entities. Pure. */

import type { NamedState } from '../../../control/tables/entity-statistics.ts'
import type { TimeInValues } from '../../../lib/analytics/state-times.ts'
import { computeUnknownMs, HOUR_MS, MINUTE_MS } from '../../../lib/support/duration.ts'
import { formatQuantity } from '../../../lib/support/short-number.ts'
import { textFilter } from '../../../lib/support/text-match.ts'
import type { MetricKind } from '../../../lib/telemetry/index.ts'
import type { MAX_CHART_LINES as SERVER_LIMIT } from '../../api/telemetry/chart-lines.ts'
import type { EntityNow, WatchingRule } from '../../api/telemetry/entity-details.ts'
import type { EntityHistory } from '../../api/telemetry/entity-history.ts'
import type { StateBand } from '../../api/telemetry/state-bands.ts'
import { addGaps, type Band, type Columns, type Level, type Span } from '../charts/chart-series.ts'
import { formatDigits } from '../components/value-texts.ts'

/**
 * Maximum number of lines that are shown at once: entities on one chart, or metrics of an entity, which can have a hundred and has a
 * chart for each.
 */
export const MAX_CHART_LINES: typeof SERVER_LIMIT = 12

/**
 * Returns the indexes of the metrics to show: those that the entity has reported, and whose names fit.
 *
 * @param find words that the names must contain, ignoring case
 */
export function selectShown(metrics: EntityNow['metrics'], find: string): readonly number[] {
  const fits = textFilter(find)
  const fitting = metrics.flatMap(({ name, statistics }, index) => (statistics && fits(name) ? [index] : []))
  return fitting.slice(0, MAX_CHART_LINES)
}

/** Returns the values of a state in the order in which they have colors, and null for time in which it is unknown. */
export function listValues({ values, day }: NamedState, { ms } = day): (string | null)[] {
  const others = [...Object.keys(day.ms), ...Object.keys(ms)].sort()
  return [...new Set([...values, ...others]), null]
}

/** Returns the time in a value, in milliseconds; for null, the time in which it is unknown. */
export function getTimeIn(period: TimeInValues, value: string | null): number {
  if (value === null) return computeUnknownMs(period)
  const { ms } = period
  return Object.hasOwn(ms, value) ? (ms[value] as number) : 0
}

/** Returns the time in each value of the bands of a chart. */
export function sumBands(bands: readonly StateBand[], fromMs: number, toMs: number): TimeInValues {
  const sums = new Map<string, number>()
  for (const band of bands) sums.set(band.value, (sums.get(band.value) ?? 0) + band.toMs - band.fromMs)
  return { fromMs, toMs, ms: Object.fromEntries(sums) }
}

/** Length of the period of each point, in milliseconds. */
const SPANS_MS = { reading: 0, second: 1_000, minute: MINUTE_MS, hour: HOUR_MS }
/** Multiple of an hour above which the line is interrupted: an hour without readings has no mean. */
const HOUR_GAP = 1.5

/** Returns the points of a line, each in the middle of its period, of which the last one ends at the end of the chart. */
export function toColumns(
  line: EntityHistory['entities'][number]['lines'][string] | undefined,
  { step, endsMs }: Pick<EntityHistory, 'step' | 'endsMs'>,
  is: MetricKind = 'gauge',
): Columns {
  if (!line) return { times: [], lists: [[]] }
  const spanMs = SPANS_MS[step]
  const times = line.map(([atMs]) => Math.min(atMs + spanMs / 2, endsMs) / 1_000)
  const lists = (step === 'reading' || is !== 'gauge' ? [1] : [1, 2, 3]).map(of =>
    line.map(point => point[of]),
  )
  const gap = step === 'hour' ? HOUR_GAP : undefined
  // A line from 350° to 10° would cross all other directions.
  const turns = (index: number) =>
    is === 'direction' && Math.abs((line[index]?.[1] ?? 0) - (line[index - 1]?.[1] ?? 0)) > 180
  return addGaps({ times, lists }, Math.max(1, spanMs / 1_000), gap, turns)
}

/** Returns the value of the newest period that has ended; without one, that of the open period. */
export function findWhole(
  line: EntityHistory['entities'][number]['lines'][string] | undefined,
  { step, endsMs }: Pick<EntityHistory, 'step' | 'endsMs'>,
): number | undefined {
  return (line?.findLast(([atMs]) => atMs + SPANS_MS[step] <= endsMs) ?? line?.at(-1))?.[1]
}

/** Returns the thresholds of the rules that compare values of the metric. */
export function toLevels(rules: readonly WatchingRule[], metric: string): Level[] {
  const comparing = rules.filter(
    rule => rule.metric === metric && rule.compares === 'value' && !rule.isPaused,
  )
  return comparing.flatMap(({ name, severity, unit, fireAbove, fireBelow }) => {
    const toLevel = (side: string, value: number | null) =>
      value === null
        ? []
        : [{ value, name: `${name} ${side} ${formatQuantity(formatDigits(value), unit)}`, severity }]
    return [...toLevel('above', fireAbove), ...toLevel('below', fireBelow)]
  })
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

/** Returns the alerts of a metric. One that is firing reaches the end of the chart. */
export function toSpans(
  alerts: EntityHistory['entities'][number]['alerts'],
  metric: string,
  endsMs: number,
): Span[] {
  return alerts
    .filter(alert => alert.metric === metric)
    .map(({ severity, startedMs, endedMs }) => {
      return { fromS: startedMs / 1_000, toS: (endedMs ?? endsMs) / 1_000, severity }
    })
}
