/** Questions of charts about a sensor. Pure. */
import { toKey, toSensorKey, toText } from './storable-text.ts'
import type { Question, StorageReader } from './storage.ts'
import { SENSOR_COLUMNS, toPrefix } from './views.ts'

/** Sensor, and the period of its chart in epoch milliseconds; the end is exclusive. */
export interface ChartPeriod {
  readonly source: string
  readonly subject?: string | undefined
  readonly fromMs: number
  readonly toMs: number
}

/** Statistics of consecutive periods in which a metric has readings. */
export interface ChartPoints {
  readonly startMs: readonly number[]
  readonly mean: readonly number[]
  readonly minimum: readonly number[]
  readonly maximum: readonly number[]
}

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

/** Maximum number of alerts in a chart; the newest are read. */
const MAX_ALERTS = 500

/** Returns the statistics of a metric for each minute or hour that has readings. */
export async function readPoints(
  storage: StorageReader,
  period: ChartPeriod,
  metric: string,
  step: 'minute' | 'hour',
): Promise<ChartPoints> {
  const rows = await storage.read(askForPoints(period, metric, step))
  return {
    startMs: rows.map(({ at }) => toMs(at) as number),
    mean: rows.map(({ mean }) => Number(mean)),
    minimum: rows.map(({ least }) => Number(least)),
    maximum: rows.map(({ greatest }) => Number(greatest)),
  }
}

/** Returns the alerts of a sensor that were firing within a period, in order of time. */
export async function readAlerts(storage: StorageReader, period: ChartPeriod): Promise<ChartAlert[]> {
  const rows = await storage.read(askForAlerts(period))
  return rows.toReversed().map(({ id, rule, metric, severity, started, ended }) => ({
    ...{ id: String(id), rule: String(rule), metric: metric === null ? null : String(metric) },
    ...{ severity: String(severity), startedMs: toMs(started) as number, endedMs: toMs(ended) },
  }))
}

/** Values beyond these bounds, which foreign writers can send, would exceed the range of a sum. */
const FIT = `"count" BETWEEN 1 AND 1e15 AND "mean" BETWEEN -1e100 AND 1e100`

function askForPoints(period: ChartPeriod, metric: string, step: 'minute' | 'hour'): Question {
  const { source, subject, fromMs, toMs } = period
  return ({ schema, startOf, time }) => ({
    text: `SELECT ${step === 'hour' ? startOf('hour', 'window_start') : 'window_start'} AS at,
        sum("mean" * "count") / sum("count") AS mean, min("min") AS least, max("max") AS greatest
      FROM ${schema}minute_statistics
      WHERE source = ? AND subject = ? AND metric = ? AND window_start >= ? AND window_start < ? AND ${FIT}
      GROUP BY 1 ORDER BY 1`,
    values: [...toSensorKey(source, subject), toKey(metric), time(fromMs), time(toMs)],
  })
}

function askForAlerts({ source, subject = '', fromMs, toMs }: ChartPeriod): Question {
  const isSensor = SENSOR_COLUMNS.map(column => `${toPrefix(column)} = ${toPrefix('?')} AND ${column} = ?`)
  return ({ schema, time }) => ({
    text: `SELECT alert_id AS id, max(alert_type) AS rule, max(metric) AS metric, max(severity) AS severity,
        min(alert_ts) AS started, min(resolved_ts) AS ended
      FROM ${schema}alert_events
      WHERE ${isSensor.join(' AND ')} AND alert_ts < ? AND alert_id IS NOT NULL
      GROUP BY alert_id HAVING min(resolved_ts) IS NULL OR min(resolved_ts) >= ?
      ORDER BY min(alert_ts) DESC LIMIT ${MAX_ALERTS}`,
    values: [...[source, source, subject, subject].map(text => toText(text) ?? ''), time(toMs), time(fromMs)],
  })
}

/** Returns epoch milliseconds. SQLite has times as texts in UTC. */
function toMs(time: unknown): number | null {
  if (time === null) return null
  return typeof time === 'string' ? Date.parse(`${time.replace(' ', 'T')}Z`) : Number(time)
}
