/** Questions of charts about a sensor. Pure. */

import type { StateSpan } from '../../lib/analytics/state-times.ts'
import type { StorageReader } from '../../lib/storage/storage.ts'
import { ALERT_INDEX } from '../../lib/storage/table.ts'
import { toKey, toText } from '../../lib/storage/values.ts'
import { HOUR_MS } from '../../lib/support/duration.ts'
import type { MetricKind } from '../../lib/telemetry/index.ts'
import { meanAngle } from '../../lib/windows/circle.ts'

/** Sensor, and the period of its chart in epoch milliseconds; the end is exclusive. */
export interface ChartPeriod {
  readonly source: string
  readonly subject?: string | undefined
  readonly fromMs: number
  readonly toMs: number
}

/** Reading of a metric, or the statistics of a period, which begins at that time: of a counter, what it has risen. */
export type ChartPoint = readonly [atMs: number, mean: number, least?: number, greatest?: number]

/** Alert of a sensor. */
export interface ChartAlert {
  readonly id: string
  readonly rule: string
  readonly metric: string | null
  readonly severity: string
  /** Time at which the alert fired, in milliseconds since the epoch. */
  readonly startedMs: number
  /** Time at which the alert resolved, in milliseconds since the epoch; null while it is firing. */
  readonly endedMs: number | null
}

/** Values beyond these bounds, which foreign writers can send, would exceed the range of a sum. */
const FIT = `"count" BETWEEN 1 AND 1e15 AND "mean" BETWEEN -1e100 AND 1e100`
/** Maximum number of alerts in a chart; the newest are read. */
const MAX_ALERTS = 500

/** Returns the statistics of a metric in each minute or hour that has readings, in order of time. */
export async function readPoints(
  storage: StorageReader,
  { source, subject = '', ...period }: ChartPeriod,
  metric: string,
  step: 'minute' | 'hour',
  is: MetricKind = 'gauge',
): Promise<ChartPoint[]> {
  const rows = await storage.read(({ schema, startOf }) => ({
    text: `SELECT ${step === 'hour' ? startOf('hour', 'window_start') : 'window_start'} AS at,
        ${SELECTED[is]}
      FROM ${schema}minute_statistics
      WHERE source = ? AND subject = ? AND metric = ?
        AND window_start >= ${schema}datetime(?) AND window_start < ${schema}datetime(?) AND ${FIT}
      GROUP BY 1 ORDER BY 1`,
    values: [...[source, subject, metric].map(toKey), ...toTimes(period)],
  }))
  return rows.flatMap(({ at, mean, least, greatest, count, x, y }): ChartPoint[] => {
    const atMs = toMs(at) as number
    if (is === 'gauge') return [[atMs, Number(mean), Number(least), Number(greatest)]]
    const vectors = { count: Number(count), x: Number(x), y: Number(y) }
    const value = is === 'counter' ? (mean ?? undefined) : meanAngle(vectors)
    return value === undefined ? [] : [[atMs, Number(value)]]
  })
}

/** Length of the mean vector of a minute, to which its deviation belongs; 1 for minutes that were stored without it. */
const LENGTH = `CASE WHEN "stddev" BETWEEN 0 AND 90 THEN 1 - power(radians("stddev"), 2) / 2 ELSE 1 END`

function sumVectors(part: 'cos' | 'sin'): string {
  return `sum("count" * ${LENGTH} * ${part}(radians("mean")))`
}

/** Values of a point. A counter has what it has risen, and a direction the sums of its vectors. */
const SELECTED: Readonly<Record<MetricKind, string>> = {
  gauge: 'sum("mean" * "count") / sum("count") AS mean, min("min") AS least, max("max") AS greatest',
  counter: 'sum(CASE WHEN "increase" BETWEEN 0 AND 1e100 THEN "increase" END) AS mean',
  direction: `${sumVectors('cos')} AS x, ${sumVectors('sin')} AS y, sum("count") AS count`,
}

/** Returns the time of a state in each value, by range of minutes, in order of time. The first and last range may exceed the period. */
export async function readStateSpans(
  storage: StorageReader,
  { source, subject = '', ...period }: ChartPeriod,
  state: string,
): Promise<StateSpan[]> {
  // No range is longer than an hour, so the key finds all that reach into the period.
  const times = toTimes({ ...period, fromMs: period.fromMs - HOUR_MS })
  const rows = await storage.read(({ schema }) => ({
    text: `SELECT window_start AS started, window_end AS ended, CAST(seconds AS TEXT) AS seconds, value
      FROM ${schema}state_statistics
      WHERE source = ? AND subject = ? AND state = ?
        AND window_start >= ${schema}datetime(?) AND window_start < ${schema}datetime(?) AND window_end > window_start
      ORDER BY window_start`,
    values: [...[source, subject, state].map(toKey), ...times],
  }))
  const spans = rows.map(({ started, ended, seconds, value }) => ({
    fromMs: toMs(started) as number,
    toMs: toMs(ended) as number,
    ms: Object.fromEntries(
      Object.entries(JSON.parse(String(seconds))).flatMap(([name, time]) =>
        typeof time === 'number' && time > 0 && time * 1000 <= HOUR_MS
          ? [[name, Math.round(time * 1000)]]
          : [],
      ),
    ),
    value: value === null ? null : String(value),
  }))
  return spans.filter(span => span.toMs > period.fromMs)
}

/** Returns the alerts of a sensor that were firing within a period, the newest first. */
export async function readAlerts(
  storage: StorageReader,
  { source, subject = '', ...period }: ChartPeriod,
): Promise<ChartAlert[]> {
  const sensor = [source, subject].map(text => String(toText(text)))
  const rows = await storage.read(({ schema }) => ({
    text: `SELECT alert_id AS id, max(alert_type) AS rule, max(metric) AS metric, max(severity) AS severity,
        min(alert_ts) AS started, min(resolved_ts) AS ended
      FROM ${schema}alert_events
      WHERE (${ALERT_INDEX}) = (substr(?, 1, 200), substr(?, 1, 200)) AND source = ? AND coalesce(subject, '') = ?
      GROUP BY alert_id
      HAVING coalesce(min(resolved_ts) >= ${schema}datetime(?), true) AND min(alert_ts) < ${schema}datetime(?)
      ORDER BY min(alert_ts) DESC LIMIT ${MAX_ALERTS}`,
    values: [...sensor, ...sensor, ...toTimes(period)],
  }))
  return rows.map(({ id, rule, metric, severity, started, ended }) => ({
    ...{ id: String(id), rule: String(rule), metric: metric === null ? null : String(metric) },
    ...{ severity: String(severity), startedMs: toMs(started) as number, endedMs: toMs(ended) },
  }))
}

function toTimes({ fromMs, toMs }: Pick<ChartPeriod, 'fromMs' | 'toMs'>): string[] {
  return [fromMs, toMs].map(ms => new Date(ms).toISOString())
}

/** Returns epoch milliseconds. SQLite has times as texts in UTC. */
function toMs(time: unknown): number | null {
  if (time === null) return null
  return typeof time === 'string' ? Date.parse(`${time.replace(' ', 'T')}Z`) : Number(time)
}
