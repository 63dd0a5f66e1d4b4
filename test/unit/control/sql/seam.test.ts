import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { sampled } from '@sluice/test-kit/sampled'
import fc from 'fast-check'
import type { LogRecord } from '#runtime/cloudevents'
import { environmentReading, logRecord } from '#runtime/test/support/records'
import { openSqlSources } from '../../../../control/sql/open-sources.ts'
import { S3HistoryStore } from '../../../../lib/history/adapters/history-bucket.ts'
import { formatDay, formatObjectKey } from '../../../../lib/history/object-key.ts'
import { encodeRows } from '../../../../lib/history/parquet.ts'
import { toHistoryRows } from '../../../../lib/history/row.ts'
import { type HistoryStore, HistoryUnavailable } from '../../../../lib/history/store.ts'
import type { HistoryTable } from '../../../../lib/history/tables.ts'
import { tick } from '../../../../lib/telemetry/tick.ts'
import { FAMILIES, VOCABULARY } from '../../../support/families.ts'
import { FolderHistoryStore } from '../../../support/folder-history.ts'
import { askQuestion } from './support.ts'

const START_MS = Date.parse('2026-03-01T23:00:00Z')
const MINUTE_MS = 60_000

/** A log that has one reading a minute, and a tick or a record that is not an event now and then. */
function createLog(partition: number, length: number): LogRecord[] {
  return Array.from({ length }, (_, offset) => {
    const place = { topic: 'readings', partition, timestampMs: START_MS + offset * MINUTE_MS }
    if (offset % 7 === 3) return logRecord(offset, tick(partition, new Date(START_MS).toISOString()), place)
    const reading = environmentReading(`${partition}-${offset}`, { at: offset, temperature: offset })
    if (offset % 11 !== 5) return logRecord(offset, reading, place)
    return { ...logRecord(offset, reading, place), value: Buffer.from('no'), headers: [] }
  })
}

/** Writes the object that contains the records, and returns its key. */
async function archive(
  store: HistoryStore,
  table: HistoryTable,
  records: readonly LogRecord[],
): Promise<string> {
  const [first, last] = [records[0], records.at(-1)]
  assert.ok(first && last)
  const { topic, partition, timestampMs } = first
  const offsets = { firstOffset: first.offset, lastOffset: last.offset }
  const key = formatObjectKey({ table, topic, partition, day: formatDay(timestampMs), ...offsets })
  const rows = await toHistoryRows(records, { read: event => event, prepare: async () => {} })
  await store.put(key, encodeRows(FAMILIES, table, rows))
  return key
}

const COUNTED = `SELECT partition, "offset", count(*) AS times FROM records WHERE "table" = 'readings' GROUP BY ALL ORDER BY ALL`
const COUNT = 'SELECT count(*) AS rows, count(DISTINCT "offset") AS offsets FROM records'

describe('the seam of history and topics', () => {
  let folder: string
  let store: FolderHistoryStore
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-seam-'))
    store = new FolderHistoryStore(folder)
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  // Promise docs/history.md#sql | At the seam of objects and topics no row is missing or doubled.
  it('given any objects and any part of the log that Kafka still has, then each offset is there once', async () => {
    const LENGTH = 40
    const logs = [createLog(0, LENGTH), createLog(1, LENGTH)]
    const offset = fc.nat(LENGTH - 1)
    const range = fc.tuple(offset, offset).map(both => both.sort((a, b) => a - b))
    const object = fc.record({ partition: fc.nat(1), range })
    const given = {
      objects: fc.array(object, { maxLength: 8 }),
      starts: fc.tuple(fc.nat(LENGTH), fc.nat(LENGTH)),
      since: fc.nat(LENGTH),
    }
    const property = fc.asyncProperty(fc.record(given), async ({ objects, starts, since }) => {
      await rm(folder, { recursive: true, force: true })
      for (const { partition, range } of objects) {
        const records = logs[partition]?.slice(range[0], (range[1] ?? 0) + 1) ?? []
        await archive(store, 'readings', records)
      }
      const contents = {
        ...{ records: logs.flat(), store, partitions: 2 },
        starts: { 'readings/0': starts[0], 'readings/1': starts[1] },
      }
      const { rows } = await askQuestion(contents, COUNTED, { sinceMs: START_MS + since * MINUTE_MS })
      const isIn = ({ partition, offset }: LogRecord) =>
        offset >= (starts[partition] ?? 0) ||
        objects.some(
          object =>
            object.partition === partition &&
            offset >= (object.range[0] ?? 0) &&
            offset <= (object.range[1] ?? 0),
        )
      const expected = logs.flat().filter(record => record.offset >= since && isIn(record))
      assert.deepEqual(
        rows.map(row => `${row.partition}/${row.offset} ${row.times}`),
        expected.map(record => `${record.partition}/${record.offset} 1`),
      )
    })
    await fc.assert(property, { numRuns: sampled(60) })
  })

  it('given ticks and records that are not events, then only records has them', async () => {
    const log = createLog(0, 30)
    await archive(store, 'readings', log.slice(0, 20))
    const { rows } = await askQuestion(
      { records: log, store },
      `SELECT (SELECT count(*) FROM readings) AS readings, (SELECT count(*) FROM records) AS records,
        (SELECT count(*) FROM records WHERE type IS NULL) AS others, (SELECT max(temperature) FROM readings) AS temperature`,
    )
    assert.deepEqual(rows, [{ readings: 23, records: 30, others: 3, temperature: 29 }])
  })

  it('given events that an input brings with a schema, then its fields are columns, of archived events too', async () => {
    const order = (offset: number, data: object) =>
      logRecord(
        offset,
        { ...environmentReading(`o-${offset}`), type: 'com.example.order.v1', subject: 'c', data },
        { topic: 'events', partition: 0, timestampMs: START_MS },
      )
    const log = [
      order(0, { customer_id: 'c1', total: 2.5, address: { 'a/b': 'x' }, metric: { name: 'm' }, lines: [1] }),
      order(1, { customer_id: 'c2', total: 'free', subject: 's' }),
    ]
    await archive(store, 'events', log.slice(0, 1))
    const schema = {
      properties: {
        ...{ customer_id: { type: 'string' }, total: { type: 'number' }, subject: { type: 'string' } },
        ...{ address: { properties: { 'a/b': { type: 'string' } } }, lines: { type: 'array' } },
      },
    }
    const { rows } = await askQuestion(
      { records: log, store, brought: [{ type: 'com.example.order.v1', schema }] },
      `SELECT customer_id, total, "address_a/b" AS a, lines, data_subject AS s, rest->>'$.data.metric.name' AS m
        FROM events ORDER BY "offset"`,
    )
    assert.deepEqual(rows, [
      { customer_id: 'c1', total: 2.5, a: 'x', lines: '[1]', s: null, m: 'm' },
      { customer_id: 'c2', total: null, a: null, lines: null, s: 's', m: null },
    ])
  })

  it('given an object that is written while others are fetched, then each offset is there once', async () => {
    const log = createLog(0, 30)
    await archive(store, 'readings', log.slice(0, 10))
    let isWritten = false
    const archiving: HistoryStore = {
      name: store.name,
      list: prefix => store.list(prefix),
      put: (key, bytes) => store.put(key, bytes),
      get: async key => {
        if (!isWritten) await archive(store, 'readings', log.slice(10, 20))
        isWritten = true
        return store.get(key)
      },
    }
    const { rows } = await askQuestion({ records: log, store: archiving }, COUNT)
    assert.deepEqual([isWritten, rows], [true, [{ rows: 30, offsets: 30 }]])
  })

  it('given offsets that neither the history nor Kafka has, then they are named', async () => {
    const log = createLog(0, 30)
    await archive(store, 'readings', log.slice(0, 5))
    await archive(store, 'readings', log.slice(10, 15))
    const { rows, notices } = await askQuestion({ records: log, store, starts: { 'readings/0': 20 } }, COUNT)
    assert.deepEqual(rows, [{ rows: 20, offsets: 20 }])
    assert.deepEqual(notices, [
      'Records are missing, which neither the history nor Kafka has: readings/0 5-9, readings/0 15-19.',
    ])
  })

  it('given a topic that was created again, then it is said that its records are missing', async () => {
    await archive(store, 'readings', createLog(0, 30))
    const { notices } = await askQuestion({ records: createLog(0, 4), store }, COUNT)
    assert.match(notices.join(), /readings\/0 ends before its history, so it was created again/)
  })

  it('given a time range, then only objects of its days are fetched, and rows outside of it are left out', async () => {
    const log = createLog(0, 4 * 24 * 60)
    const DAY = 24 * 60
    for (let first = 0; first < log.length; first += DAY)
      await archive(store, 'readings', log.slice(first, first + DAY))
    const times = { sinceMs: START_MS + 2.5 * DAY * MINUTE_MS, untilMs: START_MS + 2.6 * DAY * MINUTE_MS }
    const { rows, progress } = await askQuestion({ records: log, store }, COUNT, times)
    assert.deepEqual(rows, [{ rows: 144, offsets: 144 }])
    assert.deepEqual([progress.objects, progress.recordsInAll], [2, 0])
  })

  it('given an object that is not Parquet, or is damaged within, then it is named, and what to do', async () => {
    const log = createLog(0, 30)
    const key = await archive(store, 'readings', log)
    const bytes = await store.get(key)
    assert.ok(bytes)
    const withFault = (from: number, to: number) =>
      Buffer.concat([bytes.subarray(0, from), Buffer.alloc(to - from, 255), bytes.subarray(to)])
    const faults = [
      bytes.subarray(0, 100),
      withFault(bytes.length - 200, bytes.length - 20),
      withFault(4, bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8)),
    ]
    for (const faulty of faults) {
      await store.put(key, faulty)
      const failed = askQuestion(
        { records: log, store },
        'SELECT sum(temperature), max(subject) FROM readings',
      )
      const name = 'DamagedObject'
      await assert.rejects(failed, { name, message: /day=2026-03-01\/0-0+-0+29\.parquet.*Restore/s })
    }
  })

  it('given statements that hide the name of a view, then they fail, and no row is missing in silence', async () => {
    const log = createLog(0, 30)
    for (const view of ['read|ings', 'al|erts', 'rec|ords']) {
      const hidden = askQuestion(
        { records: log, store },
        `SELECT count(*) FROM query('FROM ${view.replace('|', "' || '")} WHERE "partition" = 7')`,
      )
      await assert.rejects(hidden, /was not loaded, because the statements do not contain its name/, view)
    }
  })

  it('given statements without a view, then nothing is loaded', async () => {
    const { rows, progress } = await askQuestion({ records: createLog(0, 3) }, 'SELECT 1 AS one')
    assert.deepEqual([rows, progress.recordsInAll], [[{ one: 1 }], 0])
  })

  it('closes the store at the end, of a failed query too', async () => {
    let closed = 0
    const closing = Object.assign(new FolderHistoryStore(folder), { close: () => void closed++ })
    await askQuestion({ records: createLog(0, 3), store: closing }, COUNT)
    await assert.rejects(
      askQuestion({ records: createLog(0, 3), store: closing }, 'SELECT nothing FROM records'),
    )
    assert.equal(closed, 2)
  })

  it('closes a store that it cannot use, and asks the topics alone', async t => {
    const { mock } = t.mock.method(S3HistoryStore.prototype, 'close')
    t.mock.method(S3HistoryStore.prototype, 'list', () => {
      throw new HistoryUnavailable('s3://history: Access Denied')
    })
    const inputs = { inputsFile: 'config/inputs.yaml', mappingsDir: 'config/mappings' }
    const config = { ...VOCABULARY, env: 'test', historyBucket: 'history', ...inputs } as never
    const notices: string[] = []
    const { store: none } = await openSqlSources({ config } as never, {}, text => notices.push(text))
    const sentence = 's3://history: Access Denied. Only the records that are still in the topics are read.'
    assert.deepEqual([none, notices, mock.callCount()], [undefined, [sentence], 1])
  })

  it('given a filter and few columns, then DuckDB applies both while it reads the files', async () => {
    await archive(store, 'readings', createLog(0, 30))
    const { rows } = await askQuestion(
      { records: createLog(0, 40), store },
      `EXPLAIN SELECT avg(temperature) FROM readings WHERE subject = 's-1' AND "timestamp" > TIMESTAMP '2026-01-01'`,
      { sinceMs: START_MS },
    )
    const plan = String(rows[0]?.explain_value).replaceAll(/[│\s]+/g, ' ')
    const scan = plan.slice(plan.indexOf('READ_PARQUET'))
    assert.match(scan, /Projections: temperature .*Filters: .*subject='s-1'/)
    assert.doesNotMatch(plan, /FILTER|UNION/)
  })
})
