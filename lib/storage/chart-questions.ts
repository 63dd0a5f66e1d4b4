/** Questions of charts about a sensor. Pure. */

import type { StorageReader } from './storage.ts'
import { ALERT_INDEX } from './table.ts'
import { toKey, toText } from './values.ts'

/** Sensor, and the period of its chart in epoch milliseconds; the end is exclusive. */
export interface ChartPeriod {
  readonly source: string
  readonly subject?: string | undefined
  readonly fromMs: number
  readonly toMs: number
}

/** Reading of a metric, or the statistics of a period, which begins at that time. */
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
): Promise<ChartPoint[]> {
  const rows = await storage.read(({ schema, startOf }) => ({
    text: `SELECT ${step === 'hour' ? startOf('hour', 'window_start') : 'window_start'} AS at,
        sum("mean" * "count") / sum("count") AS mean, min("min") AS least, max("max") AS greatest
      FROM ${schema}minute_statistics
      WHERE source = ? AND subject = ? AND metric = ?
        AND window_start >= ${schema}datetime(?) AND window_start < ${schema}datetime(?) AND ${FIT}
      GROUP BY 1 ORDER BY 1`,
    values: [...[source, subject, metric].map(toKey), ...toTimes(period)],
  }))
  return rows.map(({ at, mean, least, greatest }) => [
    toMs(at) as number,
    ...([mean, least, greatest].map(Number) as [number, number, number]),
  ])
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
