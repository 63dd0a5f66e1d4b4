/** Promises of every storage: rows have keys, come together or not at all, and views answer people's questions. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'
import { PermanentError } from '#runtime/consumer'
import { type StoredEvent, toRows } from '../../lib/storage/rows.ts'
import { storageSink } from '../../lib/storage/sink.ts'
import type { Storage } from '../../lib/storage/storage.ts'
import { FAMILIES } from '../support/families.ts'
import { classify, ODD_NAMES, ODD_VALUES, outcomeAt } from '../support/odd-values.ts'
import { NOON, storedAlert, storedMinute, storedReading, storedState } from '../support/stored-events.ts'

/** Place of a storage, which several writers can open at once. */
export interface StoragePlace {
  connect(): Storage
  /** Returns the rows of a query, with numbers as numbers. */
  query(text: string): Promise<readonly Readonly<Record<string, unknown>>[]>
}

const { MAX_VALUE, MIN_VALUE } = Number
/** Values by sensor. */
const VALUES: Readonly<Record<string, readonly number[]>> = {
  usual: [20, 22],
  huge: [1e308, 1e308],
  opposite: [MAX_VALUE, -MAX_VALUE],
  squares: [1e200, 3e200],
  beside: [20, 1e101],
  bound: [1e100, -1e100],
  tiny: [MIN_VALUE, MIN_VALUE],
  integers: [9e18, 9e18],
  least: [-(2 ** 63), -(2 ** 63)],
  '': [-0.5, -0.5],
  '"\\;%🙂': [1],
}
/** Smallest and largest value, sum, mean and deviation by sensor. */
const STATISTICS: Readonly<Record<string, readonly (number | null)[]>> = {
  usual: [20, 22, 42, 21, 1],
  huge: [1e308, 1e308, null, null, null],
  opposite: [-MAX_VALUE, MAX_VALUE, null, null, null],
  squares: [1e200, 3e200, null, null, null],
  beside: [20, 1e101, null, null, null],
  bound: [-1e100, 1e100, 0, 0, 1e100],
  tiny: [MIN_VALUE, MIN_VALUE, 2 * MIN_VALUE, MIN_VALUE, 0],
  integers: [9e18, 9e18, 1.8e19, 9e18, 0],
  least: [-(2 ** 63), -(2 ** 63), -(2 ** 64), -(2 ** 63), 0],
  '': [-0.5, -0.5, -1, -0.5, 0],
  '"\\;%🙂': [1, 1, 1, 1, 0],
  old: [20, 20, 20, 20, 0],
}

/** Arguments of `datetime`, and its result. */
const DATETIMES: readonly (readonly [call: string, expected: string | null])[] = [
  [`'2026-10-25T02:30:00+02:00'`, '2026-10-25 00:30:00'],
  [`'2026-10-25T02:30:00-00:30'`, '2026-10-25 03:00:00'],
  [`'2026-10-25 02:30:00 +14:59'`, '2026-10-24 11:31:00'],
  [`'2026-10-25T02:30:00Z'`, '2026-10-25 02:30:00'],
  [`'2026-10-25t02:30:00Z'`, null],
  [`'2026-10-25T02:30:00.999z'`, '2026-10-25 02:30:00'],
  [`'2026-10-25T02:30'`, '2026-10-25 02:30:00'],
  [`'2026-10-25'`, '2026-10-25 00:00:00'],
  [`'2026-02-30'`, '2026-03-02 00:00:00'],
  [`'0001-01-01'`, '0001-01-01 00:00:00'],
  [`'1969-12-31 23:59:59.5'`, '1969-12-31 23:59:59'],
  [`'9999-12-31 23:59:59.999'`, '9999-12-31 23:59:59'],
  [`'9999-12-31 23:59:59', '+1 second'`, null],
  [`'12:30'`, '2000-01-01 12:30:00'],
  [`'2460000.5'`, '2023-02-25 00:00:00'],
  [`'1700000000'`, null],
  [`'1700000000', 'unixepoch'`, '2023-11-14 22:13:20'],
  [`'-1.5', 'unixepoch', '+1 day'`, '1970-01-01 23:59:58'],
  [`'1e99'`, null],
  [`NULL`, null],
  ...['', ' ', 'x', 'today', 'infinity', 'epoch', '20260101', ' 2026-01-01', '2026-01-01Z', '2026-1-1'].map(
    text => [`'${text}'`, null] as const,
  ),
  ...['2026-13-01', '2026-00-01', '2026-01-32', '2026-01-01 10', '2026-01-01 10:60', '2026-01-01 25:00'].map(
    text => [`'${text}'`, null] as const,
  ),
  ...['10:00+0200', '10:00+15:00', '10:00 UTC', '10:00,5', '10:00:00.', '10:00:60'].map(
    time => [`'2026-01-01 ${time}'`, null] as const,
  ),
  [`'${'1'.repeat(10_000)}'`, null],
  [`'2026-03-29 01:30:00', '+1 day'`, '2026-03-30 01:30:00'],
  [`'2026-10-25 00:30:00', '+90 minutes'`, '2026-10-25 02:00:00'],
  [`'2026-01-31', '+1 month'`, '2026-03-03 00:00:00'],
  [`'2026-03-31', '-1 MONTHS'`, '2026-03-03 00:00:00'],
  [`'2024-02-29', '+1 year'`, '2025-03-01 00:00:00'],
  [`'2026-01-31', '1.5 months'`, '2026-03-18 00:00:00'],
  [`'2026-01-01', '-0.5 days'`, '2025-12-31 12:00:00'],
  [`'2026-01-01', '+1e2 hours'`, '2026-01-05 04:00:00'],
  [`'2026-01-01', '-01:30'`, '2025-12-31 22:30:00'],
  [`'2026-01-01', '-00:00:30.5'`, '2025-12-31 23:59:29'],
  [`'2026-03-15 12:34:56', 'start of day'`, '2026-03-15 00:00:00'],
  [`'2026-03-15 12:34:56', 'start of month', '+1 month', '-1 day'`, '2026-03-31 00:00:00'],
  [`'2026-03-15 12:34:56', 'Start of Year'`, '2026-01-01 00:00:00'],
  [`'2026-03-15', 'weekday 0'`, '2026-03-15 00:00:00'],
  [`'2026-03-15', 'weekday 1'`, '2026-03-16 00:00:00'],
  [`'2026-01-01', '-10000 years'`, null],
  [`'2026-01-01', '1e99 days'`, null],
  [`'2026-01-01', NULL`, null],
  ...['', '1', 'day', '+1 week', ' +1 day', '+1 day ', '1 dayss', '- 1 day', '.5 days', 'weekday 7', 'x'].map(
    modifier => [`'2026-01-01', '${modifier}'`, null] as const,
  ),
  ['(SELECT event_ts FROM readings)', '2026-03-01 12:00:01'],
  [`(SELECT event_ts FROM readings), 'start of day'`, '2026-03-01 00:00:00'],
]

export function storageConformance(name: string, newPlace: () => Promise<StoragePlace>): void {
  const using = async (work: (storage: Storage, place: StoragePlace) => Promise<void>) => {
    const place = await newPlace()
    const storage = place.connect()
    try {
      await work(storage, place)
    } finally {
      await storage.close()
    }
  }
  const count = async (place: StoragePlace, table: string) =>
    Number((await place.query(`SELECT count(*) AS n FROM ${table}`))[0]?.n)

  describe(`storage in ${name}`, () => {
    // Promise docs/storage.md#the-database-of-the-function-storage
    it('given alerts, then people count them by type since an hour ago, and see which still fire', async () => {
      await using(async (storage, place) => {
        const startedAt = new Date(Date.now() - 60_000).toISOString()
        const live = ['a', 'b'].map(id => storedAlert('fired', id, { startedAt }))
        const old = [storedAlert('fired', 'c'), storedAlert('resolved', 'c', { offset: 1 })]
        // The fired event of `d` is no longer in the log.
        await storage.write(toRows(FAMILIES, [...live, ...old, storedAlert('resolved', 'd')]), 'replace')
        assert.deepEqual(
          await place.query(
            `SELECT alert_type, COUNT(*) AS n FROM alert_log WHERE alert_ts > datetime('now','-1 hour') GROUP BY alert_type`,
          ),
          [{ alert_type: 'HIGH_TEMP', n: 2 }],
        )
        assert.deepEqual(
          await place.query(
            `SELECT alert_id, duration_s, value, resolved_value, resolved_reason, sensor_id, trace_id
              FROM alert_log WHERE resolved_ts IS NOT NULL ORDER BY alert_id`,
          ),
          ['c', 'd'].map(alert_id => ({
            ...{ alert_id, duration_s: 90.5, value: alert_id === 'c' ? 41 : null, resolved_value: 30 },
            ...{ resolved_reason: 'cleared', sensor_id: 'roof-1' },
            trace_id: alert_id === 'c' ? 'a'.repeat(32) : null,
          })),
        )
        assert.deepEqual(
          await place.query(
            `SELECT count, sensors, resolved, mean_duration_s FROM alerts_daily WHERE window_start < '2026-03-02'`,
          ),
          [{ count: 2, sensors: 1, resolved: 2, mean_duration_s: 90.5 }],
        )
      })
    })

    it('given readings, then hours and days have their statistics, and minutes their latest revision', async () => {
      await using(async (storage, place) => {
        const values = [1_000_000_021.5, 1_000_000_023.5]
        const readings = values.map((temperature, index) =>
          storedReading(`r${index}`, { temperature }, { offset: index, timeMs: NOON + index * 60_000 }),
        )
        const next = storedReading(
          'n',
          { temperature: -4, humidity: 50 },
          { offset: 9, timeMs: NOON + 7_200_000 },
        )
        await storage.write(
          toRows(FAMILIES, [...readings, next, storedMinute(1, 20), storedMinute(2, 21)]),
          'replace',
        )
        const statistics = await place.query(
          `SELECT sensor_id, metric, count, min, max, mean, stddev FROM readings_hourly
            WHERE metric = 'temperature' ORDER BY window_start`,
        )
        const own = { sensor_id: 'roof-1', metric: 'temperature' }
        assert.deepEqual(statistics, [
          { ...own, count: 2, min: values[0], max: values[1], mean: 1_000_000_022.5, stddev: 1 },
          { ...own, count: 1, min: -4, max: -4, mean: -4, stddev: 0 },
        ])
        assert.deepEqual(await place.query(`SELECT metric, count FROM readings_daily ORDER BY metric`), [
          { metric: 'humidity', count: 1 },
          { metric: 'temperature', count: 3 },
        ])
        assert.deepEqual(await place.query('SELECT metric, mean, last FROM minutes'), [
          { metric: 'temperature', mean: 21, last: 22 },
        ])
      })
    })

    it('given a metric that counts up or turns, then hours and days have its increase and its mean on the circle', async () => {
      const HOUR = 3_600_000
      const rows: (readonly [hours: number, temperature: number, subject?: string | undefined])[] = [
        ...([
          [0, 350],
          [0.5, 10],
          [1, 30],
          [1.5, 5],
          [25, 25],
        ] as const),
        // A reading that comes late, one of an equal time, and those of another sensor and of one without a mean.
        ...([
          [0.75, 20],
          [1.5, 900],
          [0, 90, 'other'],
          [1, 70, 'other'],
          [2, 180, 'none'],
          [2.1, 0, 'none'],
          [4, 5, 'below'],
          [4.1, -3, 'below'],
          [4.2, 2, 'below'],
        ] as const),
      ]
      const readings = rows.map(([hours, temperature, subject = 'roof-1'], offset) =>
        storedReading(`r${offset}`, { temperature }, { offset, subject, timeMs: NOON + hours * HOUR }),
      )
      await using(async (storage, place) => {
        await storage.write(toRows(FAMILIES, readings), 'replace')
        const query = (view: string) =>
          place.query(`SELECT subject, increase, round(mean_direction) AS direction FROM ${view}
            WHERE subject NOT IN ('other', 'below') ORDER BY subject, window_start`)
        const roof = { subject: 'roof-1' }
        assert.deepEqual(await query('readings_hourly'), [
          { subject: 'none', increase: 0, direction: null },
          { ...roof, increase: 10 + 10, direction: 7 },
          { ...roof, increase: 10 + 5, direction: 34 },
          { ...roof, increase: 20, direction: 25 },
        ])
        const days = await query('readings_daily')
        assert.deepEqual(
          days.map(({ subject, increase }) => [subject, increase]),
          [
            ['none', 0],
            ['roof-1', 35],
            ['roof-1', 20],
          ],
        )
        assert.deepEqual(await place.query(`SELECT increase FROM readings_daily WHERE subject = 'other'`), [
          { increase: 70 },
        ])
        // A fall is a restart. A value below 0 is no rise.
        assert.deepEqual(await place.query(`SELECT increase FROM readings_daily WHERE subject = 'below'`), [
          { increase: 5 },
        ])
      })
    })

    it('given states, then hours and days have the time in each value, of the latest revisions, and readings their values', async () => {
      const spans = [
        storedState(1, { ok: 60 }),
        storedState(2, { ok: 45, degraded: 15 }),
        storedState(1, { degraded: 3_480 }, { minutes: [1, 59] }),
        storedState(1, { degraded: 20.5 }, { minutes: [60, 61], value: undefined }),
        storedState(1, { ok: 30 }, { entity: { source: '/environment/roof' } }),
        // Any client can write to the topic.
        storedState(1, { ok: 1e300, 'a\0': 60, degraded: 'x', maintenance: -1 }, { minutes: [62, 63] }),
        storedState(1, {}, { minutes: [63, 64], since: 'soon' }),
      ]
      const readings = [{ status: 'ok', activity: 'resting' }, { status: 7 }].map((data, offset) =>
        storedReading('r', data, { offset }),
      )
      await using(async (storage, place) => {
        await storage.write(toRows(FAMILIES, [...spans.toReversed(), ...readings]), 'replace')
        await storage.write(toRows(FAMILIES, spans.slice(0, 1)), 'replace')
        const read = (view: string) =>
          place.query(`SELECT sensor_id, value, seconds, round(share * 100) AS percent FROM ${view}
            WHERE state = 'status' ORDER BY sensor_id, window_start, value`)
        const roof = { sensor_id: 'roof-1' }
        const site = { sensor_id: '/environment/roof', value: 'ok', seconds: 30, percent: 100 }
        assert.deepEqual(await read('states_hourly'), [
          site,
          { ...roof, value: 'degraded', seconds: 3_495, percent: 99 },
          { ...roof, value: 'ok', seconds: 45, percent: 1 },
          { ...roof, value: 'a\ufffd', seconds: 60, percent: 75 },
          { ...roof, value: 'degraded', seconds: 20.5, percent: 25 },
        ])
        const page = await readFile(join(PROJECT, 'docs/storage.md'), 'utf8')
        const [, today = ''] = /```sql\n(SELECT [^`]* FROM states_daily[^`]*)```/.exec(page) ?? []
        assert.deepEqual(await place.query(today.replace("'now'", "'2026-03-01 18:00:00'")), [
          { ...roof, seconds: 3_515.5, share: 3_515.5 / (3_515.5 + 45 + 60) },
        ])
        assert.equal(await count(place, 'state_statistics'), 5)
        const states = await place.query(
          'SELECT CAST(states AS TEXT) AS text FROM readings ORDER BY "offset"',
        )
        assert.deepEqual(
          states.map(row => JSON.parse(String(row.text))),
          [{ status: 'ok' }, null],
        )
      })
    })

    // Promise docs/alerts.md#sql | Each alert is one row of alert_log, however often its events were published, and `sluice sql` asks it.
    it('given the same events again, then nothing is doubled: live rows are replaced, those of the past kept', async () => {
      await using(async (storage, place) => {
        const write = (temperature: number, existing: 'replace' | 'keep') => {
          const events = [storedReading('r', { temperature }), storedAlert('fired', 'a'), storedMinute(1, 20)]
          return storage.write(toRows(FAMILIES, [...events, ...events]), existing)
        }
        const getValue = async () => (await place.query('SELECT value FROM measurements'))[0]?.value
        await write(20, 'replace')
        await write(21, 'replace')
        assert.equal(await getValue(), 21)
        await write(22, 'keep')
        assert.equal(await getValue(), 21)
        for (const table of ['readings', 'alert_events', 'analytics'])
          assert.equal(await count(place, table), 1)
        // The same position of a topic that was created again has another id.
        await storage.write(toRows(FAMILIES, [storedReading('other', {})]), 'keep')
        assert.equal(await count(place, 'readings'), 2)
      })
    })

    it('given writers that overlap, the first of which create the tables, then each row is there once', async () => {
      await using(async (first, place) => {
        const second = place.connect()
        try {
          const batches = [0, 1, 2, 3, 4].map(batch =>
            Array.from({ length: 200 }, (_, index) =>
              storedReading(`r${index}`, {}, { offset: batch * 100 + index }),
            ),
          )
          const write = (storage: Storage, existing: 'replace' | 'keep') =>
            batches.map(events => storage.write(toRows(FAMILIES, events), existing))
          await Promise.all([...write(first, 'replace'), ...write(second, 'keep')])
          const keys = new Set(batches.flat().map(({ offset, event }) => `${offset} ${event.id}`))
          assert.equal(await count(place, 'readings'), keys.size)
        } finally {
          await second.close()
        }
      })
    })

    // Promise docs/storage.md#tables-and-views | A view answers for all sensors whatever one of them sends, and a later version replaces views in place.
    it('given values at the bounds of a double, then their statistics are NULL or right, and others have theirs', async () => {
      await using(async (storage, place) => {
        const readings = Object.entries(VALUES).flatMap(([subject, values], sensor) =>
          values.map((temperature, index) =>
            storedReading(`r${sensor}-${index}`, { temperature }, { subject, offset: 10 * sensor + index }),
          ),
        )
        const old = storedReading('old', { temperature: 20 }, { subject: 'old', offset: 999, timeMs: -1 })
        const { event, ...position } = storedMinute(1, 20)
        const huge = { mean: MAX_VALUE, last: 3 }
        const metrics = {
          text: 'x',
          empty: '',
          list: [1],
          none: null,
          number: 7,
          object: { mean: '1' },
          huge,
        }
        const minute = { ...position, event: { ...event, data: { ...(event.data as object), metrics } } }
        const events = [...readings, old, minute]
        await storage.write(toRows(FAMILIES, events), 'replace')
        for (const view of ['readings_hourly', 'readings_daily']) {
          const rows = await place.query(`SELECT sensor_id, min, max, sum, mean, stddev FROM ${view}`)
          const found = Object.fromEntries(
            rows.map(({ sensor_id, min, max, sum, mean, stddev }) => [
              sensor_id,
              [min, max, sum, mean, stddev],
            ]),
          )
          assert.deepEqual(found, STATISTICS)
        }
        assert.deepEqual(await place.query('SELECT metric, mean, last FROM minutes ORDER BY metric'), [
          { metric: 'empty', mean: null, last: null },
          { metric: 'huge', mean: MAX_VALUE, last: 3 },
          ...['list', 'none', 'number', 'object', 'text'].map(metric => ({ metric, mean: null, last: null })),
        ])
      })
    })

    // Promise docs/schemas.md#null-absent-and-values-that-json-lacks
    it('given each value that JSON or a database lacks, then what the manual says of it is read', async () => {
      await using(async (storage, place) => {
        const columnOf = (value: unknown) => (typeof value === 'string' ? 'summary' : 'value')
        const alerts = ODD_NAMES.map((name, offset) => {
          const value = ODD_VALUES[name]
          return storedAlert('fired', name, { offset, [columnOf(value)]: value })
        })
        await storage.write(toRows(FAMILIES, alerts), 'replace')
        const rows = await place.query('SELECT alert_id, value, summary FROM alert_events')
        for (const name of ODD_NAMES) {
          const read = rows.find(({ alert_id }) => alert_id === name)?.[columnOf(ODD_VALUES[name])]
          assert.equal(read === null ? 'NULL' : classify(name, read), outcomeAt('database', name), name)
        }
      })
    })

    // Promise docs/storage.md#postgresql | Each copy has two connections, and ends what it gives up. `sluice.datetime` gives what SQLite's function gives.
    it('given a time and modifiers, then `datetime` gives the same in every database', async () => {
      await using(async (storage, place) => {
        await storage.write(toRows(FAMILIES, [storedReading('r', {}, { timeMs: NOON + 1_500 })]), 'replace')
        for (const [call, expected] of DATETIMES) {
          const [row] = await place.query(`SELECT datetime(${call}) AS at`)
          const at = row?.at instanceof Date ? row.at.toISOString() : row?.at
          const shown = typeof at === 'string' ? at.slice(0, 19).replace('T', ' ') : at
          assert.equal(shown, expected, call)
        }
      })
    })

    it('given any text, time and number, then they are read as they were written', async () => {
      await using(async (storage, place) => {
        const odd = ['\\N', 'a\tb\nc\r\\d', `'"$1`, '{}', 'ü漢🙂', ' ', '\u0001', 'a\0b', 'b\ud800b']
        const alerts = odd.map((text, index) =>
          storedAlert('fired', text, {
            ...{ summary: text, labels: { [text]: text }, value: 0.1 + 0.2, threshold: -1e-300 },
            offset: Number.MAX_SAFE_INTEGER - index,
          }),
        )
        await storage.write(toRows(FAMILIES, alerts), 'replace')
        const rows = await place.query(
          'SELECT alert_id, summary, labels, value, threshold, "offset" FROM alert_events ORDER BY "offset" DESC',
        )
        const expected = odd.map((text, index) => {
          const stored = text.replace('\0', '\ufffd').toWellFormed()
          const facts = { labels: { [stored]: stored }, value: 0.1 + 0.2, threshold: -1e-300 }
          return { alert_id: stored, summary: stored, ...facts, offset: Number.MAX_SAFE_INTEGER - index }
        })
        const parsed = rows.map(row => ({
          ...row,
          labels: typeof row.labels === 'string' ? JSON.parse(row.labels) : row.labels,
        }))
        assert.deepEqual(parsed, expected)
        // Ids longer than an index entry stay apart, and a time that no calendar has is unknown.
        const ids = ['漢'.repeat(3_000), '漢'.repeat(3_001)]
        const readings = ids.map(id => storedReading(id, { temperature: Number.NaN }, { timeMs: 8e15 }))
        await storage.write(toRows(FAMILIES, readings), 'replace')
        assert.deepEqual(await place.query('SELECT DISTINCT event_ts FROM readings'), [{ event_ts: null }])
        assert.equal(await count(place, 'readings'), 2)
      })
    })

    it('given names that differ only in characters that are replaced, then each member is stored, and each alert has its id', async () => {
      await using(async (storage, place) => {
        const tags = JSON.parse('{"a\\u0000": "1", "a\\ufffd": "2", "a\\ud800": "3", "__proto__": "4"}')
        const ids = ['漢'.repeat(3_000), '漢'.repeat(3_001)]
        await storage.write(
          toRows(FAMILIES, [storedReading('r', { tags }), ...ids.map(id => storedAlert('fired', id))]),
          'replace',
        )
        const [row] = await place.query('SELECT tags FROM readings')
        const stored = typeof row?.tags === 'string' ? JSON.parse(row.tags) : row?.tags
        assert.deepEqual(Object.entries(stored).sort(), [
          ['__proto__', '4'],
          ['a\ufffd', '2'],
          ['a\ufffd\ufffd', '1'],
          ['a\ufffd\ufffd\ufffd', '3'],
        ])
        assert.equal((await place.query('SELECT DISTINCT alert_id FROM alert_log')).length, 2)
      })
    })

    it('given a row that the database refuses, then none of its batch is there, and no message has data', async () => {
      await using(async (storage, place) => {
        await storage.write(toRows(FAMILIES, [storedReading('first', {})]), 'replace')
        const good = storedReading('good', {}, { offset: 1 })
        const bad: StoredEvent = {
          ...storedReading('secret', {}, { offset: 2 }),
          topic: null as unknown as string,
        }
        const deliver = storageSink(FAMILIES, storage).deliver(
          [good, bad].map(event => ({ ...event, key: event.event.id, event: event.event })),
        )
        await assert.rejects(deliver, error => {
          assert.ok(error instanceof PermanentError, String(error))
          assert.match(error.message, /refuses/)
          assert.doesNotMatch(String(error.message), /secret/)
          return true
        })
        assert.equal(await count(place, 'readings'), 1)
      })
    })
  })
}
