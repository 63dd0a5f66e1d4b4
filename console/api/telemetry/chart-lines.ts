/** Points of the lines of a chart. Pure. */

import type { ChartPoint } from '../../../control/queries/chart-questions.ts'
import type { EntityMinute, EntityReading } from '../../../control/queries/states/entity-log.ts'
import type { ShownMetric } from '../../../control/tables/entity-statistics.ts'
import { showSpread } from '../../../lib/analytics/statistics.ts'
import { MINUTE_MS } from '../../../lib/support/duration.ts'
import { readOwn, textFilter } from '../../../lib/support/text-match.ts'
import type { MetricKind } from '../../../lib/telemetry/index.ts'
import { meanAngle, NO_ANGLES, withAngle } from '../../../lib/windows/circle.ts'

/** Maximum number of lines of a query, over its entities and their metrics. */
export const MAX_CHART_LINES = 12

/** Returns the metrics whose names fit, the whole name first: as many as have `MAX_CHART_LINES` together. */
export function chooseMetrics(
  reported: readonly Pick<ShownMetric, 'name'>[],
  metric: string,
  entities: number,
): string[] {
  return reported
    .map(({ name }) => name)
    .filter(textFilter(metric))
    .sort((a, b) => Number(b === metric) - Number(a === metric))
    .slice(0, Math.floor(MAX_CHART_LINES / entities))
}

/** Number of readings above which a line shows the mean, the least and the greatest value of each second. */
const MAX_POINTS = 1_000

/** Returns whether an entity has so many readings that seconds are drawn instead. */
export function isDense({ length }: { readonly length: number }): boolean {
  return length > MAX_POINTS
}

/** Returns the readings of a metric in order of time; of equal times, the last one. */
export function toReadings(readings: readonly EntityReading[], metric: string): ChartPoint[] {
  const values = readings.map(reading => [reading.timeMs, readOwn(reading.values)(metric)] as const)
  return [...new Map(values.filter((point): point is [number, number] => point[1] !== undefined))]
}

/** Returns the statistics of each second that has readings. */
export function toSeconds(points: readonly ChartPoint[], is: MetricKind = 'gauge'): ChartPoint[] {
  const bySecond = Map.groupBy(points, ([atMs]) => Math.floor(atMs / 1_000) * 1_000)
  return [...bySecond].flatMap(([atMs, own]): ChartPoint[] => {
    const values = own.map(([, value]) => value)
    if (is === 'counter') return [[atMs, values.at(-1) as number]]
    if (is === 'direction') {
      const mean = meanAngle(values.reduce((sum, value) => withAngle(sum, value), NO_ANGLES))
      return mean === undefined ? [] : [[atMs, mean]]
    }
    const sum = values.reduce((a, b) => a + b, 0)
    return [[atMs, sum / own.length, Math.min(...values), Math.max(...values)]]
  })
}

type MinuteMetrics = EntityMinute['metrics']

/** Returns the statistics of a metric in each minute in which it was reported: of a counter, what it has risen. */
export function toMinutes(
  minutes: readonly { readonly timeMs: number; readonly metrics: MinuteMetrics }[],
  metric: string,
  is: MetricKind = 'gauge',
): ChartPoint[] {
  return minutes.flatMap(({ timeMs, metrics }): ChartPoint[] => {
    const values = Object.hasOwn(metrics, metric) ? metrics[metric] : undefined
    if (!values) return []
    const { increase } = values
    if (is === 'counter') return increase === undefined ? [] : [[timeMs, increase]]
    const { mean, minimum, maximum } = showSpread(values, is)
    if (mean === null) return []
    return minimum === null || maximum === null ? [[timeMs, mean]] : [[timeMs, mean, minimum, maximum]]
  })
}

/** Adds the minute that has not ended, which may have been published before. */
export function addOpenMinute(
  points: readonly ChartPoint[],
  minute: { readonly startMs: number; readonly metrics: MinuteMetrics } | null,
  metric: string,
  is: MetricKind = 'gauge',
): ChartPoint[] {
  if (!minute) return [...points]
  const { startMs, metrics } = minute
  const open = toMinutes([{ timeMs: startMs, metrics }], metric, is)
  return [...points.filter(([atMs]) => atMs < startMs), ...open]
}

/**
 * Returns the points since the family has changed what the metric means: these are in the present unit. Statistics of a minute in which
 * it has changed began anew, and those of an hour did not.
 *
 * @param since RFC 3339; undefined if it has not changed
 */
export function selectSince(
  points: readonly ChartPoint[],
  since: string | undefined,
  step: 'reading' | 'second' | 'minute' | 'hour',
): readonly ChartPoint[] {
  if (since === undefined) return points
  const lengthMs = { reading: 0, second: 999, minute: MINUTE_MS - 1, hour: 0 }[step]
  return points.filter(([atMs]) => atMs + lengthMs >= Date.parse(since))
}
