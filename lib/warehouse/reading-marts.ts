/** Statistics of readings by hour and day. Pure. */

import { type Family, findFamily } from '../telemetry/families.ts'
import { isCountable } from '../windows/moments.ts'
import {
  type Changes,
  isCountedTime,
  keyText,
  type Mart,
  type MartRow,
  mergeRows,
  SENSOR_COLUMNS,
  type Sensor,
} from './mart.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

export const READINGS_HOURLY = statisticsMart('readings_hourly', 'hour')
export const READINGS_DAILY = statisticsMart('readings_daily', 'day')

/** Columns of history that `foldReadings` needs besides those of the metrics. */
export const READING_COLUMNS = ['offset', 'timestamp', 'id', 'source', 'type', 'subject', 'time'] as const

/** Columns of history, each with the values of all rows. */
export type HistoryColumns = Readonly<Record<string, readonly unknown[]>>

interface Statistics {
  readonly count: number
  readonly sum: number
  readonly mean: number
  readonly stddev: number
  readonly min: number
  readonly max: number
  readonly first_value: number
  readonly first_at: number
  readonly last_value: number
  readonly last_at: number
}

function statisticsMart(name: string, window: string): Mart {
  return {
    name,
    description: `Statistics of the readings of each sensor and metric, by ${window} of event time`,
    key: ['source', 'subject', 'family', 'metric', 'window_start'],
    columns: [
      ...SENSOR_COLUMNS,
      ['family', 'TEXT', 'Telemetry family'],
      ['metric', 'TEXT', 'Metric of the family'],
      ['window_start', 'TIMESTAMP', `Start of the ${window}, UTC`],
      ['count', 'INTEGER', 'Number of readings with the metric'],
      ['sum', 'REAL', 'Sum of the values'],
      ['min', 'REAL', 'Smallest value'],
      ['max', 'REAL', 'Largest value'],
      ['mean', 'REAL', 'Mean of the values'],
      ['stddev', 'REAL', 'Standard deviation of the values (population)'],
      ['first_value', 'REAL', 'Value with the earliest event time; if several have it, the smallest'],
      ['first_at', 'TIMESTAMP', 'Event time of first_value'],
      ['last_value', 'REAL', 'Value with the latest event time; if several have it, the largest'],
      ['last_at', 'TIMESTAMP', 'Event time of last_value'],
    ],
    merge: mergeStatistics,
  }
}

/**
 * Returns the mart rows that readings add.
 *
 * @param columns rows of the history table `readings`
 * @param indexes rows to count
 * @param getColumn returns the column of a metric
 * @returns `skipped` is the number of readings whose event time is out of range
 */
export function foldReadings(
  columns: HistoryColumns,
  indexes: Iterable<number>,
  getColumn: (metric: string) => string,
): { readonly changes: Changes; readonly skipped: number } {
  const hourly = new Map<string, MartRow>()
  let skipped = 0
  for (const index of indexes) {
    const family = findFamily(String(columns.type?.[index]))
    if (family === undefined) continue
    const timeMs = Number(columns.time?.[index] ?? columns.timestamp?.[index])
    if (!isCountedTime(timeMs)) {
      skipped++
      continue
    }
    const sensor = toSensor(columns.source?.[index], columns.subject?.[index])
    const window_start = timeMs - (timeMs % HOUR_MS)
    for (const [metric, value] of valuesIn(family, columns, index, getColumn)) {
      const key = `${sensor.source}\0${sensor.subject}\0${metric}\0${window_start}\0${family.name}`
      const row = { ...sensor, family: family.name, metric, window_start, ...toStatistics(value, timeMs) }
      const earlier = hourly.get(key)
      hourly.set(key, earlier ? mergeStatistics(earlier, row) : row)
    }
  }
  const hours = [...hourly.values()]
  const days = hours.map(row => {
    return { ...row, window_start: Number(row.window_start) - (Number(row.window_start) % DAY_MS) }
  })
  const changes = new Map([
    [READINGS_HOURLY, hours],
    [READINGS_DAILY, mergeRows(READINGS_DAILY, days)],
  ])
  return { changes, skipped }
}

function toSensor(from: unknown, of: unknown): Sensor {
  const [source, subject] = [keyText(String(from)), keyText(String(of ?? ''))]
  return { source, subject, sensor_id: subject === '' ? source : subject }
}

function* valuesIn(
  { metrics }: Family,
  columns: HistoryColumns,
  index: number,
  getColumn: (metric: string) => string,
): Generator<readonly [metric: string, value: number]> {
  for (const metric in metrics) {
    const value = columns[getColumn(metric)]?.[index]
    // Turn -0 into 0, because not every target stores the difference.
    if (isCountable(value)) yield [metric, value + 0]
  }
}

function toStatistics(value: number, timeMs: number): Statistics {
  const ends = { first_value: value, first_at: timeMs, last_value: value, last_at: timeMs }
  return { count: 1, sum: value, min: value, max: value, mean: value, stddev: 0, ...ends }
}

/** Merges the statistics of two sets of readings. The order affects only the rounding of sum, mean and deviation. */
function mergeStatistics(earlier: MartRow, later: MartRow): MartRow {
  const [a, b] = [earlier, later] as unknown as [Statistics, Statistics]
  const [count, sum] = [a.count + b.count, a.sum + b.sum]
  // Squared distances from the mean, merged by the method of Chan, Golub and LeVeque. A sum of squares would lose precision.
  const distance = b.mean - a.mean
  const m2 = a.stddev ** 2 * a.count + b.stddev ** 2 * b.count + (distance ** 2 * a.count * b.count) / count
  const isFirst = a.first_at === b.first_at ? a.first_value <= b.first_value : a.first_at < b.first_at
  const isLast = a.last_at === b.last_at ? a.last_value >= b.last_value : a.last_at > b.last_at
  const [first, last] = [isFirst ? a : b, isLast ? a : b]
  return {
    ...earlier,
    count,
    sum,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
    mean: sum / count,
    stddev: Math.sqrt(m2 / count),
    ...{ first_value: first.first_value, first_at: first.first_at },
    ...{ last_value: last.last_value, last_at: last.last_at },
  }
}
