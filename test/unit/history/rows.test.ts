import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, describe, test } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import { registryWith } from '@sluice/test-kit/schema-registry'
import fc from 'fast-check'
import { parquetMetadata } from 'hyparquet'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { isFailure, type LogRecord, type RecordHeader, readEvent, writeEvent } from '#runtime/cloudevents'
import type { Event } from '#runtime/consumer'
import type { DataReader } from '#runtime/pipeline'
import { OnDemandDataReader } from '#runtime/test/support/inside'
import { environmentReading } from '#runtime/test/support/records'
import { Random } from '#runtime/testing'
import { listColumns, type NamedColumn } from '../../../lib/history/columns.ts'
import { DamagedObject, decodeColumns, encodeRows, ParquetFile } from '../../../lib/history/parquet.ts'
import { type HistoryRow, toHistoryRows, toOriginalRecord } from '../../../lib/history/row.ts'
import { HISTORY_TABLES, type HistoryTable } from '../../../lib/history/tables.ts'
import { FAMILIES } from '../../support/families.ts'
import { decodeRows } from '../../support/memory-history.ts'
import { PACKAGED, REGISTERED, SENT_AS, type SentAs, sent } from '../../support/serialized.ts'

const registry = await registryWith(REGISTERED)
after(() => registry.close())

const READER: DataReader = { read: event => event, prepare: async () => {} }
const DATA = 'application/json'

/** Records that come back from an object of the history. */
async function kept(records: readonly LogRecord[], table: HistoryTable = 'readings'): Promise<LogRecord[]> {
  const bytes = encodeRows(FAMILIES, table, await toHistoryRows(records, READER))
  return (await decodeRows(table, bytes)).map(toOriginalRecord)
}

/** Everything in a record that must survive: the bytes of an event may be written differently. */
function content(record: LogRecord) {
  const event = readEvent(record)
  const { topic, partition, offset, timestampMs, key, value } = record
  const headers = record.headers.map(
    ([name, bytes]) => [name, bytes && Buffer.from(bytes).toString('hex')] as const,
  )
  const place = { topic, partition, offset, timestampMs, key }
  if (isFailure(event)) return { ...place, value, headers }
  return { ...place, event, headers: headers.filter(([name]) => !/^(content-type|ce_)/.test(name)) }
}

function recordWith(event: Event, more: Partial<LogRecord> = {}): LogRecord {
  const { value, headers } = writeEvent(event)
  return {
    topic: 't',
    partition: 3,
    offset: 7,
    timestampMs: 1_700_000_000_123,
    key: null,
    value,
    headers,
    ...more,
  }
}

const READING: Event = {
  id: 'sim-demo-ws_042-1795478400',
  source: '/environment/rotterdam',
  type: 'io.sluice.environment.reading.v1',
  subject: 'ws_042',
  time: '2026-11-24T00:00:00.000Z',
  datacontenttype: DATA,
  dataschema: 'https://sluice.io/schemas/environment.reading.v1.json',
  data: {
    sensorId: 'ws_042',
    location: { site: 'rotterdam', latitude: 51.92, longitude: 4.47 },
    status: 'ok',
    tags: { tenant: 'default' },
    temperature: 6.34,
  },
}

function withData(data: unknown): Event {
  return { ...READING, data }
}

describe('given a record, when it is archived and read again, then nothing of it is lost', () => {
  const CASES: Readonly<Record<string, LogRecord>> = {
    'a reading': recordWith(READING, { key: Buffer.from('ws_042') }),
    'a field without a column': recordWith(withData({ temperature: 1, mood: { good: [1, null] } })),
    'a field below an object with columns': recordWith(withData({ location: { site: 'x', floor: 3 } })),
    'an object with columns that is empty': recordWith(withData({ location: {} })),
    'a field of another type': recordWith(withData({ temperature: 'warm', sensorId: 5, location: 'here' })),
    'null in a field': recordWith(withData({ temperature: null, tags: null, location: null })),
    'negative zero': recordWith(withData({ temperature: -0, activeConnections: -0 })),
    'a whole number that a double cannot hold exactly': recordWith(withData({ activeConnections: 2 ** 60 })),
    'a fraction in a field for whole numbers': recordWith(withData({ activeConnections: 1.5 })),
    'half of a surrogate pair': recordWith(withData({ sensorId: '\uD800' })),
    'a property named __proto__': recordWith(
      withData(JSON.parse('{"__proto__":{"a":1},"location":{"__proto__":2}}')),
    ),
    'no data': recordWith(withData(undefined)),
    'empty data': recordWith(withData({})),
    'null as data': recordWith(withData(null)),
    'a list as data': recordWith(withData([1, { a: 2 }])),
    'text as data': recordWith(withData('text')),
    'bytes as data': recordWith({ ...READING, datacontenttype: 'image/png', data: Buffer.from([0xff, 1]) }),
    'no subject, time and content type': recordWith({ id: '1', source: '/s', type: 't' }),
    'a time with microseconds and an offset': recordWith({
      ...READING,
      time: '2026-11-24T01:00:00.123456+01:00',
    }),
    extensions: recordWith({ ...READING, extensions: { traceparent: '00-a-b-01', tenant: 'x', empty: '' } }),
    'a key that is not UTF-8': recordWith(READING, { key: Buffer.from([0xff, 0xfe]) }),
    'a key that contains a replacement character': recordWith(READING, { key: Buffer.from('a\uFFFD') }),
    'an empty key': recordWith(READING, { key: Buffer.alloc(0) }),
    'other headers, one of them twice': recordWith(READING, {
      headers: [...writeEvent(READING).headers, ['a', Buffer.from('1')], ['a', Buffer.from([0xff])]],
    }),
    'an event in structured mode': { ...recordWith(READING), ...writeEvent(READING, 'structured') },
    'an event in structured mode with a header of the binary mode': {
      ...recordWith(READING),
      ...writeEvent(READING, 'structured'),
      headers: [...writeEvent(READING, 'structured').headers, ['ce_id', Buffer.from('x')]],
    },
    'JSON without a content type': {
      ...recordWith(READING),
      headers: writeEvent(READING).headers.filter(([name]) => name !== 'content-type'),
    },
    'no event': recordWith(READING, { headers: [['x', Buffer.from('y')]], value: Buffer.from('{"a":1}') }),
    'a broken event': recordWith(READING, {
      headers: [['ce_id', Buffer.from('')]],
      value: Buffer.from([0xff]),
    }),
    'headers that are null, or empty': recordWith(READING, {
      headers: [...writeEvent(READING).headers, ['x', null], ['y', Buffer.alloc(0)], ['x', Buffer.from('z')]],
    }),
    'no event, and a null header': recordWith(READING, { headers: [['x', null]], value: Buffer.from('1') }),
    'a tombstone': recordWith(READING, { headers: [], value: null, key: Buffer.from('k') }),
  }
  for (const [name, record] of Object.entries(CASES))
    test(name, async () => {
      assert.deepEqual((await kept([record])).map(content), [content(record)])
    })

  // Promise docs/history.md#tables | Each offset is a row, once, and a row gives its record back.
  test('any event in any table', async () => {
    const json = fc.jsonValue({ maxDepth: 3 })
    const names = HISTORY_TABLES.flatMap(table => listColumns(FAMILIES, table)).flatMap(column =>
      'path' in column ? [(column.path as string[])[0] as string] : [],
    )
    const data = fc.oneof(fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), json), json)
    const text = fc.stringMatching(/^[a-z]{1,8}$/)
    const event = fc.record(
      { id: text, source: text, type: text, subject: text, data, datacontenttype: fc.constant(DATA) },
      { requiredKeys: ['id', 'source', 'type', 'datacontenttype'] },
    )
    const header: fc.Arbitrary<RecordHeader> = fc.tuple(
      text,
      fc.uint8Array({ maxLength: 4 }).map(bytes => Buffer.from(bytes)),
    )
    const key = fc.option(fc.uint8Array({ maxLength: 4 }).map(bytes => Buffer.from(bytes)))
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(event, fc.array(header, { maxLength: 2 }), key), { minLength: 1, maxLength: 5 }),
        fc.constantFrom(...HISTORY_TABLES),
        async (all, table) => {
          const records = all.map(([one, others, key], index) => {
            const record = recordWith(one, { offset: index, key })
            return { ...record, headers: [...record.headers, ...others] }
          })
          assert.deepEqual((await kept(records, table)).map(content), records.map(content))
        },
      ),
    )
  })
})

describe('given data in the format of a schema registry, when it is archived, then its row has the data', () => {
  const event = { ...environmentReading('r1', { at: 0, temperature: 21.5 }), datacontenttype: DATA }
  for (const as of Object.keys(SENT_AS) as SentAs[])
    test(as, async () => {
      const reader = new OnDemandDataReader(PACKAGED, { url: registry.uri })
      const [row] = await toHistoryRows([sent(3, event as Event, as)], reader)
      const [again] = await decodeRows('readings', encodeRows(FAMILIES, 'readings', [row as HistoryRow]))
      assert.deepEqual(again?.event?.data, event.data)
      assert.equal(again?.raw, undefined)
    })
})

test('given some columns and some rows, when they are read, then only they are returned', async () => {
  const records = [0, 1, 2, 3].map(offset => recordWith(READING, { offset }))
  const bytes = encodeRows(FAMILIES, 'readings', await toHistoryRows(records, READER))
  const { rows, values } = await decodeColumns(bytes, {
    names: ['offset', 'temperature', 'x'],
    fromRow: 1,
    toRow: 3,
  })
  assert.equal(rows, 2)
  assert.deepEqual(values, { offset: [1, 2], temperature: [6.34, 6.34] })
})

test('given an object of several groups of rows, when it is read, then its values are the same', async () => {
  const random = new Random(11)
  const columns: readonly NamedColumn[] = [
    { name: 'id', type: 'STRING' },
    { name: 'offset', type: 'INT64' },
    { name: 'time', type: 'TIMESTAMP' },
    { name: 'subject', type: 'STRING' },
    { name: 'rest', type: 'JSON' },
    { name: 'temperature', type: 'DOUBLE' },
    { name: 'partition', type: 'INT32' },
    { name: 'isOpen', type: 'BOOLEAN' },
  ]
  const file = new ParquetFile(columns)
  const written: Record<string, unknown[]> = Object.fromEntries(columns.map(({ name }) => [name, []]))
  // The last group has no value of some columns. Long texts take several pages.
  for (const rows of [700, 400, 90]) {
    const values: Record<string, (string | number | boolean | null)[]> = {}
    for (const [index, { name, type }] of columns.entries())
      values[name] = Array.from({ length: rows }, (_, row) => {
        if (name !== 'offset' && (random.chance(0.3) || (rows === 90 && index % 2 === 0))) return null
        if (name === 'id') return `sensor-${random.pick(['é', 'è', '€', ''])}${random.between(0, 9)}`
        if (name === 'rest') return `${row}`.repeat(1_500)
        if (type === 'STRING') return random.pick(['a', 'b', ''])
        if (type === 'BOOLEAN') return random.chance(0.5)
        return type === 'DOUBLE' ? random.next() : row + (type === 'TIMESTAMP' ? 1.7e12 : 0)
      })
    file.append(values, rows)
    for (const { name } of columns) written[name]?.push(...(values[name] ?? []))
  }
  const bytes = file.end()
  assert.deepEqual((await decodeColumns(bytes)).values, written)
  const { values } = await decodeColumns(bytes, { fromRow: 650, toRow: 1_120 })
  for (const { name } of columns) assert.deepEqual(values[name], written[name]?.slice(650, 1_120))
})

test('given bytes that are no object of the history, when they are read, then the object is damaged', async () => {
  const whole = encodeRows(FAMILIES, 'readings', await toHistoryRows([recordWith(READING)], READER))
  // Other readers parse a version here, or refuse some encodings.
  assert.match(parquetMetadata(new Uint8Array(whole).buffer).created_by ?? '', /^\S+ version \d/)
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('not Parquet at all'),
    whole.subarray(0, whole.length - 9),
  ])
    await assert.rejects(decodeRows('readings', bytes), DamagedObject)
})

/** Returns an object of another writer, with one column. */
function foreignObject(codec: 'SNAPPY' | 'ZSTD', compress?: () => Uint8Array): Uint8Array {
  const data = Array.from({ length: 1_000 }, (_, index) => `text ${index}`)
  return new Uint8Array(
    parquetWriteBuffer({
      ...{ columnData: [{ name: 'a', data, type: 'STRING' }], codec },
      ...(compress && { compressors: { [codec]: compress } }),
    }),
  )
}

test('given a page that expands beyond its length, then reading ends there', async () => {
  const bomb = foreignObject('ZSTD', () => zstdCompressSync(Buffer.alloc(1024 ** 3)))
  const before = process.resourceUsage().maxRSS
  await assert.rejects(decodeColumns(bomb), DamagedObject)
  assert.ok((process.resourceUsage().maxRSS - before) * 1024 < 256 * 1024 ** 2)
  const { values } = await decodeColumns(foreignObject('SNAPPY'))
  assert.equal(values.a?.at(-1), 'text 999')
})

test('given a bit that has changed within an object, when it is read, then no other rows are returned', async () => {
  const rows = await toHistoryRows(
    Array.from({ length: 200 }, (_, offset) =>
      recordWith(READING, { offset, key: createHash('sha512').update(`${offset}`).digest() }),
    ),
    READER,
  )
  const whole = encodeRows(FAMILIES, 'readings', rows)
  let noticed = 0
  for (let at = 4; at < whole.length - 4; at += 23) {
    const changed = Buffer.from(whole)
    changed[at] = (changed[at] as number) ^ (1 << (at % 8))
    const read = await decodeRows('readings', changed).catch(error => {
      assert.ok(error instanceof DamagedObject)
      noticed += 1
      return undefined
    })
    // Only the metadata at the end is not protected.
    if (read && at < whole.length / 2) assert.deepEqual(read, rows, `a bit of byte ${at}`)
  }
  assert.ok(noticed > 50)
})

test('given the tables, then no two columns of a table have the same name, which is lower case', () => {
  for (const table of HISTORY_TABLES) {
    const names = listColumns(FAMILIES, table).map(({ name }) => name)
    assert.deepEqual(names, [...new Set(names)])
    for (const name of names) assert.match(name, /^[a-z][a-z0-9_]*$/)
  }
})
