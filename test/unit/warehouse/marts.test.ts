import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { derivedId } from '#runtime/consumer/derived-id.ts'
import { firstStatements } from '../../../lib/warehouse/adapters/common-sql.ts'
import { POSTGRES } from '../../../lib/warehouse/adapters/postgres.ts'
import { SQLITE } from '../../../lib/warehouse/adapters/sqlite.ts'
import { ALERT_LOG, ALERTS, type AlertChange, foldAlerts } from '../../../lib/warehouse/alert-marts.ts'
import type { MartRow } from '../../../lib/warehouse/mart.ts'
import { foldReadings, READINGS_DAILY, READINGS_HOURLY } from '../../../lib/warehouse/reading-marts.ts'
import { alertLog, NOON } from '../../support/warehouse-log.ts'
import { emptyDatabase } from '../operations/sql/support.ts'

const HOUR_MS = 3_600_000
const DAY_START = Date.parse('2026-03-01T00:00:00Z')

interface Given {
  readonly timeMs?: number | null
  readonly value?: unknown
  readonly type?: string
  readonly subject?: string | null
}

function folded(readings: readonly Given[]) {
  const column = (of: (one: Given) => unknown) => readings.map(of)
  const columns = {
    type: column(({ type = 'io.sluice.environment.reading.v1' }) => type),
    source: column(() => '/environment/roof'),
    subject: column(({ subject = 'roof-1' }) => subject),
    time: column(({ timeMs = NOON }) => timeMs),
    timestamp: column(() => NOON + 5 * HOUR_MS),
    temperature: column(({ value = 20 }) => value),
  }
  return foldReadings(columns, readings.keys(), metric => metric)
}

describe('statistics of readings', () => {
  const hourly = (given: readonly Given[]) => folded(given).changes.get(READINGS_HOURLY) ?? []

  it('given readings of an hour, then their row has every statistic', () => {
    const [row, ...others] = hourly([
      { value: 2, timeMs: NOON + 60_000 },
      { value: 4, timeMs: NOON },
      { value: 9, timeMs: NOON + 2_000 },
    ])
    assert.deepEqual(others, [])
    assert.deepEqual(row, {
      ...{ source: '/environment/roof', subject: 'roof-1', sensor_id: 'roof-1', family: 'environment' },
      ...{ metric: 'temperature', window_start: NOON, count: 3, sum: 15, min: 2, max: 9, mean: 5 },
      ...{ first_value: 4, first_at: NOON, last_value: 2, last_at: NOON + 60_000 },
      stddev: row?.stddev,
    })
    assert.ok(Math.abs(Number(row?.stddev) - Math.sqrt(26 / 3)) < 1e-12)
  })

  it('given several hours of a day, then each has a row, and the day has one', () => {
    const { changes } = folded([{ timeMs: NOON - 1 }, { timeMs: NOON }, { timeMs: NOON + HOUR_MS }])
    const starts = changes.get(READINGS_HOURLY)?.map(row => row.window_start)
    assert.deepEqual(starts, [NOON - HOUR_MS, NOON, NOON + HOUR_MS])
    assert.deepEqual(
      changes.get(READINGS_DAILY)?.map(row => [row.window_start, row.count]),
      [[DAY_START, 3]],
    )
  })

  it('given values with a small spread far from zero, then the deviation is exact', () => {
    const [row] = hourly([{ value: 1e9 + 1 }, { value: 1e9 + 2 }, { value: 1e9 + 3 }])
    assert.ok(Math.abs(Number(row?.stddev) - Math.sqrt(2 / 3)) < 1e-9)
  })

  it('given several readings at the same time, then the smallest is first and the largest last', () => {
    for (const values of [
      [3, 1, 2],
      [1, 2, 3],
    ]) {
      const [row] = hourly(values.map(value => ({ value })))
      assert.deepEqual([row?.first_value, row?.last_value], [1, 3])
    }
  })

  const uncounted: readonly (readonly [given: string, reading: Given])[] = [
    ['another type', { type: 'io.sluice.clock.tick.v1' }],
    ['no value', { value: null }],
    ['a value that is not a number', { value: 'warm' }],
    ['NaN', { value: Number.NaN }],
    ['a value whose square is too large', { value: 1e200 }],
    ['a time before 1970', { timeMs: -1 }],
    ['a time after the year 9999', { timeMs: Date.UTC(9999, 11, 31) }],
  ]
  for (const [given, reading] of uncounted)
    it(`given ${given}, then the reading is not counted`, () => {
      assert.equal(hourly([reading, {}])[0]?.count, 1)
    })

  it('given times out of range, then the readings are reported', () => {
    assert.equal(folded([{ timeMs: -1 }, { timeMs: 1e18 }, {}]).skipped, 2)
  })

  it('given no time, then the time of the record applies', () => {
    assert.equal(hourly([{ timeMs: null }])[0]?.window_start, NOON + 5 * HOUR_MS)
  })

  it('given no subject, then the source is the sensor', () => {
    const [row] = hourly([{ subject: null }])
    assert.deepEqual([row?.subject, row?.sensor_id], ['', '/environment/roof'])
  })
})

describe('alerts', () => {
  const base = { labels: {}, partition: 1, eventMs: NOON, rule: 'HOT', source: '/s', subject: 'roof-1' }
  const fired = { ...base, event: 'fired', startedMs: NOON, endedMs: null, value: 31, reason: 'condition' }
  const resolved = { ...fired, event: 'resolved', endedMs: NOON + 5_000, value: 29, reason: 'cleared' }
  /** The columns that the events determine. The events have the offsets 0, 1, … */
  function rowOf(events: readonly object[]): MartRow {
    const all = events.map((event, offset) => ({ alertId: 'a', offset, ...event }) as AlertChange)
    const [row, ...others] = foldAlerts(all).get(ALERTS) ?? []
    assert.deepEqual(others, [])
    assert.ok(row)
    const parts = all.map(event => foldAlerts([event]).get(ALERTS)?.[0] as MartRow)
    assert.deepEqual(parts.reduce(ALERTS.merge), row)
    return row
  }

  const cases: readonly (readonly [given: string, events: readonly object[], then: object])[] = [
    [
      'a firing alert',
      [fired],
      { value: 31, resolved_ts: null, duration_s: null, offset: 0, reason: 'condition' },
    ],
    [
      'a resolved alert',
      [fired, resolved],
      { value: 31, resolved_value: 29, duration_s: 5, resolved_reason: 'cleared', offset: 0 },
    ],
    [
      'only the resolved event',
      [resolved],
      { value: null, alert_ts: NOON, resolved_value: 29, duration_s: null, offset: null },
    ],
    [
      'the resolved event first',
      [resolved, fired],
      { value: 31, resolved_value: 29, duration_s: 5, offset: 1 },
    ],
    ['two fired events', [fired, { ...fired, value: 99 }], { value: 31, offset: 0 }],
    ['two resolved events', [fired, resolved, { ...resolved, endedMs: NOON + 99_000 }], { duration_s: 5 }],
    ['no subject', [{ ...fired, subject: null }], { sensor_id: '/s', subject: null }],
    ['a time that no database has', [{ ...fired, activeMs: -62_167_219_200_000 }], { active_ts: null }],
  ]
  for (const [given, events, then] of cases)
    it(`given ${given}, then the row says so, in one part or in several`, () => {
      const row = rowOf(events)
      assert.deepEqual(Object.fromEntries(Object.keys(then).map(column => [column, row[column]])), then)
    })

  it('given only another event, then alert_log has no row', () => {
    const events = [{ ...fired, event: 'io.sluice.alert.routed.v1' }]
    const rows = foldAlerts(events.map(one => ({ ...one, alertId: 'a', offset: 0 }) as AlertChange))
    assert.equal(rows.get(ALERTS)?.length, 0)
    assert.deepEqual(alertLog(rows.get(ALERTS) ?? []), [])
  })

  it('given the alert log of `sluice sql`, then alert_log has its columns, in its order', async () => {
    const database = await emptyDatabase()
    const names = database.views.find(({ name }) => name === ALERT_LOG.name)?.columns.map(({ name }) => name)
    database.close()
    assert.deepEqual(
      ALERT_LOG.columns.map(([name]) => name),
      names,
    )
  })
})

describe('tables of the warehouse', () => {
  it('given the first migration, then its statements never change: add another migration', () => {
    const ids = [POSTGRES, SQLITE].map(dialect => derivedId(...firstStatements(dialect)))
    assert.deepEqual(ids, ['DblB5IyXlV7naaoVD7uoDA', 'C-rGMvrWPRlBR0NjPdKlEA'])
  })
})
