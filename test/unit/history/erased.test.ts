import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  ENTITY_COLUMNS,
  ERASED_ROW_TYPE,
  entitiesAt,
  entitiesIn,
  entityDigest,
  type HistoryErasure,
  isErasedRow,
  withoutErased,
} from '../../../lib/history/erased.ts'
import {
  ErasureList,
  objectWithoutErased,
  putErasure,
  putWithoutErased,
} from '../../../lib/history/erasures.ts'
import { type ObjectRange, objectKey } from '../../../lib/history/object-key.ts'
import { DamagedObject, decodeColumns, encodeRows, ParquetFile } from '../../../lib/history/parquet.ts'
import { type HistoryRow, rowsOf } from '../../../lib/history/row.ts'
import type { HistoryTable } from '../../../lib/history/tables.ts'
import type { LogRecord } from '../../../packages/runtime/cloudevents/record.ts'
import { writeEvent } from '../../../packages/runtime/cloudevents/writer.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import { deadLetterRecord } from '../../support/dead-letters.ts'
import { decodeRows, MemoryHistory, PLAIN } from '../../support/memory-history.ts'
import { alertFired, environmentReading as reading } from '../../support/records.ts'

const TOPIC = 'sluice.telemetry.readings.test'
const SITE = '/environment/test-site'
const ROOF = `${SITE} roof-1`
const RANGE: ObjectRange = {
  table: 'readings',
  level: 'parts',
  topic: TOPIC,
  day: '2026-01-01',
  partition: 0,
  firstOffset: 0,
  lastOffset: 9,
}
const KEY = objectKey(RANGE)

function recordOf(event: Event, offset: number, more: Partial<LogRecord> = {}): LogRecord {
  const place = { topic: TOPIC, partition: 0, offset, timestampMs: 1_767_225_600_000 + offset * 1_000 }
  return { ...place, key: Buffer.from(`key ${event.subject}`), ...writeEvent(event), ...more }
}

function erasureOf(upTo: number, entities = [ROOF], id = 'one'): HistoryErasure {
  return { id, time: '2026-01-02T00:00:00Z', entities: entities.map(entityDigest), upTo: { [TOPIC]: [upTo] } }
}

/** Rows as they come back from an object after the erasures. */
async function kept(rows: readonly HistoryRow[], erasures: readonly HistoryErasure[]): Promise<HistoryRow[]> {
  const {
    columns,
    values,
    rows: count,
  } = withoutErased('readings', await decodeColumns(encodeRows('readings', rows)), erasures)
  const file = new ParquetFile(columns)
  file.append(values, count)
  return await decodeRows('readings', file.end())
}

async function rowOf(record: LogRecord): Promise<HistoryRow> {
  return (await rowsOf([record], PLAIN))[0] as HistoryRow
}

/** What is left of a row in an object, as text. */
async function textIn(table: HistoryTable, rows: readonly HistoryRow[]): Promise<string> {
  const { values } = await decodeColumns(encodeRows(table, rows))
  return JSON.stringify(values)
}

describe('the entities of a row', () => {
  const alert = alertFired('a1')
  const minute = {
    ...reading('m1'),
    source: '/processor',
    data: { entity: { source: SITE, subject: 'roof-1' } },
  }
  const broken = recordOf(reading('b1', { sensor: 'roof-1' }), 0, { value: Buffer.from('{') })
  const timer = deadLetterRecord({
    error: `timer "forget" of ${ROOF}, due 2026-03-01T12:00:00.000Z: division by zero`,
    originalValue: null,
    originalHeaders: [],
  })
  const CASES: readonly [name: string, table: HistoryTable, record: LogRecord, entity: string][] = [
    ['a reading', 'readings', recordOf(reading('r1', { sensor: 'roof-1' }), 0), ROOF],
    ['an alert', 'alerts', recordOf(alert, 0), `${SITE} s-1`],
    ['statistics', 'analytics', recordOf(minute, 0), ROOF],
    ['an event about an entity in a foreign table', 'readings', recordOf(minute, 0), ROOF],
    ['a dead letter', 'dead_letters', deadLetterRecord(), '/environment/vienna roof-1'],
    [
      'a dead letter whose data is not JSON',
      'dead_letters',
      deadLetterRecord({ originalValue: 'ew==' }),
      '/environment/vienna roof-1',
    ],
    ['a dead letter of a timer', 'dead_letters', timer, ROOF],
    ['a record with the headers of an event', 'readings', broken, ROOF],
  ]
  for (const [name, table, record, entity] of CASES)
    it(`given ${name}, then they include its entity, also from few columns`, async () => {
      const row = await rowOf(record)
      assert.ok(entitiesIn(row).includes(entity), entitiesIn(row).join())
      const { values } = await decodeColumns(encodeRows(table, [row]), { names: ENTITY_COLUMNS })
      const found = entitiesAt(table, values, 0)
      assert.ok(found === undefined || found.includes(entity), String(found))
    })

  it('given a usual reading, then few columns are enough', async () => {
    const bytes = encodeRows('readings', [await rowOf(recordOf(reading('r1'), 0))])
    const { values } = await decodeColumns(bytes, { names: ENTITY_COLUMNS })
    assert.deepEqual(entitiesAt('readings', values, 0), [`${SITE} s-1`])
  })
})

describe('rows without erased contents', () => {
  it('given an erasure, then rows up to its offset keep their places, and nothing else', async () => {
    const records = [0, 1, 2, 3].map(offset =>
      recordOf(
        reading(`secret-${offset}`, {
          sensor: offset === 1 ? 'roof-2' : 'roof-1',
          traceparent: undefined,
        } as never),
        offset,
      ),
    )
    const rows = await rowsOf(records, PLAIN)
    const after = await kept(rows, [erasureOf(2)])
    assert.deepEqual(after.map(isErasedRow), [true, false, true, false])
    assert.deepEqual([after[1], after[3]], [rows[1], rows[3]])
    const { values } = await decodeColumns(encodeRows('readings', [after[0] as HistoryRow]))
    const left = Object.entries(values).filter(([, [value]]) => value !== null)
    assert.deepEqual(Object.fromEntries(left.map(([name, [value]]) => [name, value])), {
      topic: TOPIC,
      partition: 0,
      offset: 0,
      timestamp: 1_767_225_600_000,
      id: '',
      source: '',
      type: ERASED_ROW_TYPE,
    })
  })

  it('given no row to erase, then the object stays as it is', async () => {
    const bytes = encodeRows('readings', [await rowOf(recordOf(reading('r', { sensor: 'roof-1' }), 5))])
    for (const list of [
      [erasureOf(4)],
      [{ ...erasureOf(9), upTo: { other: [9] } }],
      [erasureOf(9, ['/other roof-1'])],
      [],
    ]) {
      const { contents, changed } = await objectWithoutErased(RANGE, bytes, list)
      assert.equal(contents, bytes)
      assert.equal(changed, 0)
    }
    assert.equal((await objectWithoutErased(RANGE, bytes, [erasureOf(5)])).changed, 1)
  })

  it('given any rows and erasures, then the rows of their entities change, and a repeat changes nothing', async () => {
    const sensor = fc.constantFrom('roof-1', 'roof-2', 'roof-3')
    const kind = fc.constantFrom('reading', 'alert', 'bytes')
    const erasure = fc.tuple(fc.array(sensor, { maxLength: 2 }), fc.integer({ min: -1, max: 12 }))
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(sensor, kind), { minLength: 1, maxLength: 12 }),
        fc.array(erasure, { maxLength: 3 }),
        async (written, erased) => {
          const records = written.map(([sensor, kind], offset) => {
            if (kind === 'bytes') return recordOf(reading('b', { sensor }), offset, { headers: [] })
            const data = { entity: { source: SITE, subject: sensor } }
            const event = kind === 'alert' ? { ...alertFired('a'), data } : reading(`r${offset}`, { sensor })
            return recordOf(event as Event, offset)
          })
          const list = erased.map(([sensors, upTo], index) => {
            const names = sensors.map(one => `${SITE} ${one}`)
            return erasureOf(upTo, names, String(index))
          })
          const rows = await rowsOf(records, PLAIN)
          const after = await kept(rows, list)
          for (const [index, row] of after.entries()) {
            const [sensor, kind] = written[index] as (typeof written)[number]
            const isErased =
              kind !== 'bytes' && erased.some(([sensors, upTo]) => sensors.includes(sensor) && index <= upTo)
            assert.equal(isErasedRow(row), isErased)
            if (!isErased) assert.deepEqual(row, rows[index])
          }
          assert.deepEqual(await kept(after, list), after)
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('the list of erasures', () => {
  it('given an erasure while an object is written, then the object is written again without the entity', async () => {
    const store = new MemoryHistory()
    const erasures = new ErasureList(store, () => 0)
    await erasures.current()
    const rows = await rowsOf([recordOf(reading('secret', { sensor: 'roof-1' }), 0)], PLAIN)
    store.before = async request => {
      store.before = () => {}
      assert.match(request, /^put /)
      await putErasure(store, erasureOf(0))
    }
    await putWithoutErased({ store, erasures }, RANGE, encodeRows('readings', rows))
    const [row] = await decodeRows('readings', store.objects.get(KEY) as Buffer)
    assert.ok(row && isErasedRow(row))
    assert.ok(!(await textIn('readings', [row])).includes('secret'))
  })

  it('given a list that was read a moment ago, then one request is enough for an object', async () => {
    const store = new MemoryHistory()
    let nowMs = 0
    const erasures = new ErasureList(store, () => nowMs)
    await putErasure(store, erasureOf(0))
    const put = () => putWithoutErased({ store, erasures }, { ...RANGE, firstOffset: 1 }, Buffer.alloc(0))
    await put()
    store.requests.length = 0
    nowMs = 59_999
    await put()
    assert.deepEqual(store.requests, [`put ${objectKey({ ...RANGE, firstOffset: 1 })}`, 'list erasures/'])
    assert.equal((await erasures.recent()).length, 1)
  })

  it('given an object that is not an erasure, then it is named, and nothing is written past it', async () => {
    const store = new MemoryHistory()
    await store.put('erasures/x.json', Buffer.from('{"entities":'))
    const erasures = new ErasureList(store, () => 0)
    const isNamed = (error: Error) =>
      error instanceof DamagedObject && error.message.includes('erasures/x.json')
    await assert.rejects(erasures.current(), isNamed)
    await assert.rejects(
      putWithoutErased({ store, erasures }, { ...RANGE, firstOffset: 1 }, Buffer.alloc(0)),
      isNamed,
    )
    assert.equal(store.objects.size, 1)
  })

  it('does not name the entities', async () => {
    const store = new MemoryHistory()
    await putErasure(store, erasureOf(0))
    assert.ok(!String(store.objects.get('erasures/one.json')).includes('roof'))
  })
})
