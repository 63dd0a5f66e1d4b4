import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { historyResources } from '../../../infra/history/resources.ts'
import { topicName } from '../../../lib/app/topics.ts'
import { dayOf, frontierKey, type Level, objectKey } from '../../../lib/history/object-key.ts'
import { encodeRows } from '../../../lib/history/parquet.ts'
import { rowsOfSlice, slicesOf } from '../../../lib/history/read.ts'
import { type HistoryRow, rowsOf } from '../../../lib/history/row.ts'
import type { HistoryTable } from '../../../lib/history/tables.ts'
import { alertEventIn } from '../../../lib/operations/sql/alert-event.ts'
import { EVENT_COLUMNS } from '../../../lib/operations/sql/alert-tables.ts'
import type { LogRecord } from '../../../packages/runtime/cloudevents/record.ts'
import { logRecord } from '../../../packages/runtime/testing/records.ts'
import { acknowledged, fired, firstAlert, resolved } from '../../support/alerts.ts'
import { FolderHistoryStore } from '../../support/folder-history.ts'
import { glueTablesIn, openGlue, rowsIn, storedView } from '../../support/glue.ts'
import { environmentReading } from '../../support/records.ts'

const TABLES = glueTablesIn(historyResources({ env: 'test', historyBucket: 'history-bucket' }))
const READER = { read: (event: never) => event, prepare: async () => {} }
const READINGS = topicName('readings', 'test')

let folder: string
let store: FolderHistoryStore

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-glue-'))
  store = new FolderHistoryStore(folder)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Writes records as one object, and returns its key. */
async function write(table: HistoryTable, level: Level, records: readonly LogRecord[]): Promise<string> {
  const [first, last] = [records[0], records.at(-1)] as [LogRecord, LogRecord]
  const { topic, partition, offset: firstOffset, timestampMs } = first
  const place = { table, level, topic, partition, day: dayOf(timestampMs) }
  const key = objectKey({ ...place, firstOffset, lastOffset: last.offset })
  await store.put(key, encodeRows(table, await rowsOf(records, READER)))
  return key
}

function readings(from: number, to: number, partition = 0, topic = READINGS): LogRecord[] {
  return Array.from({ length: to - from + 1 }, (_, index) => {
    const offset = from + index
    return logRecord(offset, environmentReading(`r-${offset}`), { topic, partition })
  })
}

const upTo = (last: number) => Array.from({ length: last + 1 }, (_, offset) => offset)

const moveFrontier = (
  topic: string,
  lines: readonly { partition: number; to_offset: number; moves?: readonly object[] }[],
) =>
  store.put(frontierKey('readings', topic), Buffer.from(lines.map(line => JSON.stringify(line)).join('\n')))

describe('the view of a table', () => {
  /** Offsets that the view returns, by topic and partition. */
  async function seen(): Promise<Record<string, number[]>> {
    const rows = await rowsIn(
      await openGlue(TABLES, folder),
      'SELECT topic, "partition", "offset" FROM readings',
    )
    const byPartition = Object.groupBy(rows, ({ topic, partition }) => `${topic} ${partition}`)
    const offsets = Object.entries(byPartition).map(([name, all = []]) => [
      name,
      all.map(({ offset }) => Number(offset)).sort((a, b) => a - b),
    ])
    return Object.fromEntries(offsets)
  }
  it('returns each row once before, during and after a compaction, and after a redelivery', async () => {
    const parts = [
      await write('readings', 'parts', readings(0, 3)),
      await write('readings', 'parts', readings(4, 9)),
      await write('readings', 'parts', readings(0, 2, 1)),
    ]
    const expected = { [`${READINGS} 0`]: upTo(9), [`${READINGS} 1`]: upTo(2) }
    assert.deepEqual(await seen(), expected, 'without a frontier')
    await write('readings', 'compacted', readings(0, 6))
    assert.deepEqual(await seen(), expected, 'with a compacted object before the frontier')
    await moveFrontier(READINGS, [{ partition: 0, to_offset: 6, moves: [] }])
    assert.deepEqual(await seen(), expected, 'with a frontier inside a part')
    await write('readings', 'compacted', readings(7, 9))
    await moveFrontier(READINGS, [
      { partition: 0, to_offset: 9 },
      { partition: 1, to_offset: -1 },
    ])
    await store.delete(parts.slice(0, 2))
    assert.deepEqual(await seen(), expected, 'without the parts below the frontier')
    await write('readings', 'parts', readings(4, 9))
    assert.deepEqual(await seen(), expected, 'with a part that came again')
    await write('readings', 'parts', readings(10, 10))
    assert.deepEqual(await seen(), { ...expected, [`${READINGS} 0`]: upTo(10) }, 'with a new part')
  })

  it('returns each row once, and from the part that coverage reads, if parts overlap', async () => {
    const from = async (part: string, first: number, last: number, day?: string) => {
      const records = readings(first, last).map(record => {
        const { timestampMs } = record
        return { ...record, key: Buffer.from(part), timestampMs: day ? Date.parse(day) : timestampMs }
      })
      await write('readings', 'parts', records)
    }
    await write('readings', 'compacted', readings(0, 3))
    await moveFrontier(READINGS, [{ partition: 0, to_offset: 3 }])
    await from('a', 2, 5)
    await from('b', 4, 9, '1999-01-01')
    await from('c', 4, 12)
    await from('d', 10, 11)
    await from('e', 13, 14)
    await write('readings', 'parts', readings(4, 6, 1))
    const { slices } = (await slicesOf(store, { table: 'readings' })).find(one => one.partition === 0) ?? {}
    assert.ok(slices)
    const sql =
      'SELECT "offset", "key" FROM readings WHERE "partition" = 0 AND "offset" > 3 ORDER BY "offset"'
    const rows = await rowsIn(await openGlue(TABLES, folder), sql)
    assert.equal(rows.map(({ key }) => key).join(''), 'aaccccccc' + 'ee')
    const read: HistoryRow[] = []
    for (const slice of slices.slice(1))
      for await (const group of rowsOfSlice(store, slice)) read.push(...group)
    assert.deepEqual(
      rows.map(({ offset, key }) => [Number(offset), key]),
      read.map(({ offset, key }) => [offset, String(key)]),
    )
    assert.deepEqual((await seen())[`${READINGS} 1`], [4, 5, 6])
  })

  it('loses and doubles rows if the frontier is wrong, so the case above can fail', async () => {
    await write('readings', 'parts', readings(0, 3))
    await moveFrontier(READINGS, [{ partition: 0, to_offset: 1 }])
    assert.deepEqual(await seen(), { [`${READINGS} 0`]: [2, 3] })
  })

  it('distinguishes topics with the same partition', async () => {
    const other = 'other.readings'
    await write('readings', 'parts', readings(0, 1))
    await write('readings', 'parts', readings(0, 1, 0, other))
    await write('readings', 'compacted', readings(0, 1, 0, other))
    await moveFrontier(other, [{ partition: 0, to_offset: 1 }])
    assert.deepEqual(await seen(), { [`${READINGS} 0`]: [0, 1], [`${other} 0`]: [0, 1] })
  })

  it('has the values of the records, and the day of their object', async () => {
    await write('readings', 'parts', readings(5, 5))
    const sql = 'SELECT id, temperature, location_site, "day", epoch_ms("timestamp") AS ms FROM readings'
    const [row] = await rowsIn(await openGlue(TABLES, folder), sql)
    const [{ timestampMs } = { timestampMs: 0 }] = readings(5, 5)
    assert.deepEqual(row, {
      id: 'r-5',
      temperature: 20,
      location_site: 'test-site',
      day: dayOf(timestampMs),
      ms: String(timestampMs),
    })
  })
})

describe('the view of all records', () => {
  it('has the rows of every table once, control events too', async () => {
    const tick = { id: '1', source: '/clock', type: 'io.sluice.clock.tick.v1', data: {} }
    await write('readings', 'parts', readings(0, 3))
    await write('readings', 'parts', readings(2, 4))
    await write('alerts', 'parts', [logRecord(0, tick, { topic: topicName('alerts', 'test') })])
    const sql =
      'SELECT "table", "offset"::INT AS "offset", type LIKE \'%tick%\' AS is_tick FROM records ORDER BY ALL'
    assert.deepEqual(
      (await rowsIn(await openGlue(TABLES, folder), sql)).map(row => Object.values(row)),
      [['alerts', 0, true], ...upTo(4).map(offset => ['readings', offset, false])],
    )
  })
})

describe('the views of alerts', () => {
  const one = firstAlert()
  const two = firstAlert({ alertId: 'a-2', labels: {}, startedAt: '2026-03-01T14:00:00.500Z' })
  const extensions = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }
  const first = fired(one, { extensions })
  const EVENTS = [
    first,
    first,
    acknowledged(one, { comment: 'seen' }),
    resolved(one),
    fired(two),
    acknowledged(two),
    acknowledged(two, { acknowledged: false }),
    { id: '1', source: '/clock', type: 'io.sluice.clock.tick.v1', data: {} },
    { id: '2', source: '/s', type: 'other', data: { alertId: 'a-3' } },
  ]
  const RECORDS = EVENTS.map((event, offset) =>
    logRecord(offset, event, { topic: topicName('alerts', 'test') }),
  )

  it('have the events that alertEventIn reads, each once', async () => {
    await write('alerts', 'parts', RECORDS)
    const connection = await openGlue(TABLES, folder)
    const columns = EVENT_COLUMNS.filter(({ name }) => name !== 'data')
    const archived = await rowsOf(RECORDS, { read: event => event, prepare: async () => {} })
    const expected = archived
      .filter(({ offset }) => offset !== 1)
      .flatMap(row => alertEventIn(row) ?? [])
      .map(event =>
        columns.map(({ type, of }) =>
          type === 'TIMESTAMP' || type === 'BIGINT' ? text(of(event)) : of(event),
        ),
      )
    const selected = columns.map(({ name, type }) =>
      type === 'TIMESTAMP' ? `epoch_ms("${name}")` : `"${name}"`,
    )
    const rows = await connection.runAndReadAll(
      `SELECT ${selected.join(', ')} FROM alert_events ORDER BY "offset"`,
    )
    assert.equal(expected.length, 7)
    assert.deepEqual(
      rows.getRowsJson().map(row => row.map(value => (Array.isArray(value) ? labels(value) : value))),
      expected,
    )
  })

  it('have a row for each alert in alert_log, with its end and acknowledgement', async () => {
    await write('alerts', 'parts', RECORDS)
    const sql = `SELECT alert_id, sensor_id, duration_s, resolved_reason, resolved_value, acknowledged_by, acknowledged_comment,
      epoch_ms(alert_ts) AS alert_ms, "offset" FROM alert_log ORDER BY alert_id`
    const rows = await rowsIn(await openGlue(TABLES, folder), sql)
    const common = { sensor_id: 's-1' }
    assert.deepEqual(rows, [
      {
        ...{ alert_id: 'a-1', ...common, duration_s: 3600, resolved_reason: 'cleared', resolved_value: 30 },
        ...{ acknowledged_by: 'ann', acknowledged_comment: 'seen' },
        ...{ alert_ms: String(Date.parse(one.startedAt)), offset: '0' },
      },
      {
        ...{ alert_id: 'a-2', ...common, duration_s: null, resolved_reason: null, resolved_value: null },
        ...{ acknowledged_by: null, acknowledged_comment: null },
        ...{ alert_ms: String(Date.parse(two.startedAt)), offset: '4' },
      },
    ])
  })
})

describe('every view', () => {
  const DUCKDB: Readonly<Record<string, string>> = {
    'timestamp(3)': 'TIMESTAMP',
    'map(varchar,varchar)': 'MAP(VARCHAR, VARCHAR)',
  }

  it('returns the columns that Glue and Athena expect, in their order and with their types', async () => {
    const connection = await openGlue(TABLES, folder)
    const views = [...TABLES.values()].filter(({ TableType }) => TableType === 'VIRTUAL_VIEW')
    assert.equal(views.length, 8)
    for (const view of views) {
      const described = await rowsIn(connection, `DESCRIBE "${view.Name}"`)
      const { columns, catalog, schema } = storedView(view)
      assert.deepEqual([catalog, schema], ['awsdatacatalog', 'sluice_history_test'])
      assert.deepEqual(
        columns.map(({ name, type }) => [name, DUCKDB[type] ?? type.toUpperCase()]),
        described.map(row => [row.column_name, row.column_type]),
        view.Name,
      )
      assert.deepEqual(
        view.StorageDescriptor.Columns.map(({ Name }) => Name),
        columns.map(({ name }) => name),
      )
    }
  })
})

function text(value: unknown): string | null {
  return value === null ? null : String(value)
}

function labels(entries: readonly unknown[]): object {
  return Object.fromEntries(
    (entries as { key: string; value: string }[]).map(({ key, value }) => [key, value]),
  )
}
