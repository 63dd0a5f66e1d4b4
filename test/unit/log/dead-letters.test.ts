import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord } from '#runtime/cloudevents'
import { Unavailable } from '#runtime/pipeline'
import { MemoryLogReader } from '#runtime/testing'
import { listNewestDeadLetters } from '../../../control/queries/dead-letters/dead-letter-pages.ts'
import {
  findDeadLetter,
  formatPlace,
  readDeadLetters,
} from '../../../control/queries/dead-letters/dead-letter-records.ts'
import { dlqEntry } from '../../../lib/failures/dead-letter-row.ts'
import { readDlqRecord } from '../../../lib/failures/dlq-record.ts'
import { DeadLetterFold, STORED_BOUNDS } from '../../../lib/failures/open-dead-letters.ts'
import { type DeadLetterSource, DeadLetters } from '../../../lib/log/dead-letters.ts'
import { base64, deadLetterRecord, getDeadLetter, handledRecord } from '../../support/dead-letters.ts'
import { FAMILIES } from '../../support/families.ts'
import { appliedUpTo, createInspection, type StoredPartition } from '../control/tables/stored.ts'

const TOPIC = 'sluice.telemetry.dlq.local'
const at = (offset: number, changes: object = {}, type?: string, id = `y${offset}`): LogRecord => ({
  ...deadLetterRecord(changes, type, id),
  partition: 0,
  offset,
  timestampMs: offset,
})
const handledAt = (offset: number, action: string, ranges: readonly object[]): LogRecord => {
  const data = { action, by: 'ann', at: '2026-03-01T13:00:00Z', operation: 'o', ranges }
  return { ...handledRecord(data), partition: 0, offset, timestampMs: offset }
}
const tick = (offset: number): LogRecord => at(offset, {}, 'io.sluice.clock.tick.v1')

/** A topic in memory, and the table of its first records as the consumer would have stored it. */
function createSource(
  records: readonly LogRecord[],
  { applied, starts = [], bounds = STORED_BOUNDS }: SourceOptions = {},
): DeadLetterSource & { readonly offsets: () => number[] } {
  const partitions = Math.max(...records.map(({ partition }) => partition)) + 1
  const log = new MemoryLogReader(records)
  const seen = new Set<number>()
  const stored: Record<string, StoredPartition> = {}
  for (let partition = 0; applied !== undefined && partition < partitions; partition++) {
    const fold = new DeadLetterFold(undefined, { bounds })
    for (const record of records)
      if (record.partition === partition && record.offset <= applied) fold.apply(dlqEntry(FAMILIES, record))
    const state = JSON.parse(JSON.stringify(fold.snapshot))
    stored[`open-dead-letters ${TOPIC}/${partition}`] = {
      details: appliedUpTo(applied),
      states: [[`/dlq ${partition}`, state]],
    }
  }
  return {
    families: FAMILIES,
    topic: TOPIC,
    log: {
      read: async (...args) => {
        const looked = await log.read(...args)
        for (const { offset } of looked.records) seen.add(offset)
        return looked
      },
    },
    bounds: async () =>
      Array.from({ length: partitions }, (_, partition) => {
        const offsets = records.filter(record => record.partition === partition).map(({ offset }) => offset)
        const start = starts[partition] ?? 0
        return { start, end: Math.max(start, ...offsets.map(offset => offset + 1)) }
      }),
    states: async () => createInspection(stored),
    offsets: () => [...seen],
  }
}

interface SourceOptions {
  readonly applied?: number
  readonly starts?: readonly number[]
  readonly bounds?: typeof STORED_BOUNDS
}

const look = (source: DeadLetterSource, options = {}) => new DeadLetters(source, options).look()
const places = (rows: readonly { readonly partition: number; readonly offset: number }[]) =>
  rows.map(formatPlace)

const RECORDS = [
  at(0),
  at(1, { consumer: 'alerting' }),
  at(2, {}, 'io.sluice.audit.v1'),
  at(3, { errorType: 'rejected', quarantined: true }),
  tick(4),
  handledAt(5, 'redriven', [{ from: 0, to: 0 }]),
  at(6, { consumer: undefined }),
  at(7),
  handledAt(8, 'dropped', [{ from: 7, to: 99 }]),
  at(9, {}, undefined, 'y1'),
]

describe('the dead letters as they are now', () => {
  // Promise docs/failures.md#operators
  it('given the table up to any record, then the answer is the same as that of the whole topic', async () => {
    const whole = await look(createSource(RECORDS))
    assert.deepEqual(places(whole.rows.filter(({ handled }) => !handled)), ['0@1', '0@3', '0@6'])
    assert.deepEqual([whole.from, whole.oldestMs, whole.pending], ['topic', 1, 0])
    for (let applied = 0; applied < RECORDS.length; applied++) {
      const source = createSource(RECORDS, { applied })
      const { rows, from, oldestMs } = await look(source)
      const expected = whole.rows.filter(({ handled }) => !handled)
      assert.deepEqual(rows, expected, `${applied}`)
      assert.deepEqual([from, oldestMs], ['table', 1])
      assert.ok(source.offsets().every(offset => offset > applied))
    }
  })

  it('given dead letters that are older than the topic keeps, then they are left out', async () => {
    const { rows, oldestMs } = await look({ ...createSource(RECORDS, { applied: 9 }), keptSinceMs: () => 3 })
    assert.deepEqual([places(rows), oldestMs], [['0@6'], 6])
  })

  it('given a Redis that does not answer, then the topic has the answer, and says why it was read', async () => {
    const away = async () => Promise.reject(new Unavailable('store-unavailable', 'Redis does not answer'))
    const { rows, from, withoutTable } = await look({ ...createSource(RECORDS), states: away })
    assert.equal(rows.length, 5)
    assert.deepEqual([from, withoutTable], ['topic', 'Redis does not answer'])
  })

  it('given a second look, then only what is new is read, also by a look that ended early', async () => {
    const source = createSource(RECORDS)
    let length = 4
    const bounds = async () => [{ start: 0, end: length }]
    const letters = new DeadLetters({ ...source, bounds })
    assert.deepEqual(places((await letters.look()).rows), ['0@0', '0@1', '0@3'])
    const before = source.offsets().length
    length = RECORDS.length
    await letters.look()
    assert.deepEqual([before, source.offsets().length], [4, RECORDS.length])
    const slow = new MemoryLogReader(RECORDS, 2)
    const early = await new DeadLetters({ ...source, log: slow }).look(() => false)
    assert.deepEqual([early.rows.length, early.pending], [2, 8])
  })

  it('given what retention has taken, or a topic that was made anew, then those dead letters are gone', async () => {
    const later = await look(createSource(RECORDS, { applied: 9, starts: [2] }))
    assert.deepEqual(places(later.rows), ['0@3', '0@6'])
    const anew = createSource(RECORDS.slice(0, 2))
    const states = createSource(RECORDS, { applied: 9 }).states
    const { rows, from } = await look({ ...anew, ...(states && { states }) })
    assert.deepEqual([places(rows), from], [['0@0', '0@1'], 'topic'])
  })

  it('given a signal that is aborted, then no part of the answer looks like the whole', async () => {
    const signal = AbortSignal.abort('stopped')
    const isReason = (error: unknown) => error === 'stopped'
    await assert.rejects(new DeadLetters(createSource(RECORDS)).look(undefined, signal), isReason)
    await assert.rejects(findDeadLetter(createSource(RECORDS), 'x2', signal), isReason)
  })

  it('given more open dead letters than the table holds, then it counts those left, and the topic has them', async () => {
    const many = Array.from({ length: 30 }, (_, offset) => at(offset))
    const bounds = { rows: 10, bytes: 1e6 }
    const table = await look(createSource(many, { applied: 29, bounds }))
    assert.deepEqual([table.rows.length, table.left, table.wholeAfterMs, table.oldestMs], [10, 20, 19, 0])
    const all = await look(createSource(many, { applied: 29, bounds }), { withHandled: true })
    assert.deepEqual([all.rows.length, all.left], [30, 0])
  })
})

describe('a list of dead letters', () => {
  const readPage = async (records: readonly LogRecord[], options = {}) =>
    listNewestDeadLetters(FAMILIES, await look(createSource(records)), { limit: 9, ...options })

  it('given no filter, then the newest are listed, and all are counted', async () => {
    const { rows, counts } = await readPage(RECORDS, { limit: 2 })
    assert.deepEqual(places(rows), ['0@3', '0@6'])
    assert.deepEqual(counts, {
      total: 2,
      codes: { 'schema-violated': 1, rejected: 1 },
      quarantined: 1,
      broken: 1,
    })
  })

  it('given conditions, then only what fits all of them is listed', async () => {
    const offsets = async (filter: object) =>
      (await readPage(RECORDS, filter)).rows.map(({ offset }) => offset)
    assert.deepEqual(await offsets({ consumer: 'alerting', untilMs: 6 }), [1])
    assert.deepEqual(await offsets({ code: 'rejected', untilMs: 6 }), [3])
    assert.deepEqual(await offsets({ code: 'rejected', consumer: 'alerting', untilMs: 6 }), [])
    assert.deepEqual(await offsets({ sinceMs: 2, untilMs: 6 }), [3])
  })

  it('given an entity, then records that are no readings are listed by its subject or its record key', async () => {
    const foreign = { originalHeaders: [], originalTopic: 'greenhouse' }
    const keyed = (offset: number, key: string, changes: object = foreign) =>
      at(offset, { ...changes, originalKey: base64(key) })
    const mixed = [
      keyed(0, 'roof-1'),
      keyed(1, 'postgresql:db-1'),
      keyed(2, 'db-1'),
      keyed(3, '/inputs/orders 7'),
      keyed(4, 'db-1', {}),
      at(5, { ...foreign, originalKey: null }),
      keyed(6, 'mysql:db-1'),
    ]
    const offsets = async (entity: string) =>
      (await readPage(mixed, { entity })).rows.map(({ offset }) => offset)
    assert.deepEqual(await offsets('/database/postgresql db-1'), [1, 2])
    assert.deepEqual(await offsets('db-1'), [2])
    assert.deepEqual(await offsets('/inputs/orders 7'), [3])
    // A reading names its entity itself, whatever its key is.
    assert.deepEqual(await offsets('/environment/vienna roof-1'), [0, 4])
  })

  it('given an entity or a type, then only events of it are listed, and other records by their key', async () => {
    const mixed = [at(0), at(1, { originalHeaders: [] }), at(2)]
    const offsets = async (filter: object) => (await readPage(mixed, filter)).rows.map(({ offset }) => offset)
    assert.deepEqual(await offsets({ entity: 'roof-1' }), [0, 1, 2])
    assert.deepEqual(await offsets({ entity: '/environment/vienna roof-1' }), [0, 1, 2])
    assert.deepEqual(await offsets({ entity: 'roof-2' }), [])
    assert.deepEqual(await offsets({ type: 'io.sluice.environment.reading.v1' }), [0, 2])
    assert.deepEqual(await offsets({ type: 'io.sluice.device.motion.v1' }), [])
    assert.deepEqual(await offsets({}), [0, 1, 2])
  })

  it('given what people have handled, then it is left out unless all is asked for', async () => {
    const { rows } = await readPage(RECORDS, { state: 'all', limit: 2, untilMs: 6 })
    assert.deepEqual(places(rows), ['0@1', '0@3'])
    const { rows: all } = await readPage(RECORDS, { state: 'all' })
    assert.deepEqual(
      all.map(({ handled }) => handled),
      ['redriven', undefined, undefined, undefined, 'dropped'],
    )
  })

  it('given one that is broken, then it is shown with its place, and hides none of the others', async () => {
    const wrong: [changes: object, why: RegExp][] = [
      [{ originalPartition: 'three' }, /^originalPartition violates the schema's "type"$/],
      [{ consumer: undefined }, /^consumer is missing$/],
      [{ originalValue: 'AA=A' }, /^originalValue is not base64$/],
      [{ originalHeaders: [{ name: 'h', value: '%%%%' }] }, /^a header is not base64$/],
      [{ history: [{ attempt: 0 }] }, /^history\.0/],
    ]
    const broken = wrong.map(([changes], index) => at(index + 1, changes))
    const cut = { ...at(6), value: Buffer.from('{"specversion":"1.0"') }
    const wordless = handledAt(7, 'redriven', [])
    const { rows, counts } = await readPage([at(0), ...broken, cut, wordless, at(8)], {
      code: 'schema-violated',
    })
    assert.deepEqual([counts.total, counts.broken], [2, 7])
    const whys = rows.flatMap(row => (row.kind === 'broken' ? [row.why] : []))
    for (const [index, [, why]] of wrong.entries()) assert.match(whys[index] ?? '', why)
    assert.match(whys[5] ?? '', /not JSON/)
    assert.match(whys[6] ?? '', /is not a valid list/)
  })

  it('given a dead letter that the router published twice, then it is there once, at its first place', async () => {
    const twice = [at(0), at(1), at(2, {}, undefined, 'y1'), at(3, {}, undefined, 'y0'), at(4)]
    assert.deepEqual(places((await readPage(twice)).rows), ['0@0', '0@1', '0@4'])
    assert.equal((await readPage([at(0), { ...at(0), partition: 1 }])).counts.total, 2)
  })

  it('given the table, then a page reads few records', async () => {
    const many = Array.from({ length: 1_500 }, (_, offset) => at(offset))
    const source = createSource(many, { applied: 1_499 })
    const { rows } = listNewestDeadLetters(FAMILIES, await look(source), { limit: 50 })
    const found = await readDeadLetters(source.log, TOPIC, rows)
    assert.deepEqual([found.length, found.at(-1)?.offset, source.offsets().length], [50, 1_499, 50])
  })

  it('given dead letters far apart, then the records between them are not read', async () => {
    const many = Array.from({ length: 1_500 }, (_, offset) => at(offset, { attempt: offset + 1 }))
    const source = createSource(many, { applied: 1_499 })
    const rows = (await look(source)).rows.filter(({ offset }) => offset % 500 === 7)
    const found = await readDeadLetters(source.log, TOPIC, rows.toReversed())
    assert.deepEqual([places(found), source.offsets().length], [['0@1007', '0@507', '0@7'], 3])
  })
})

describe('one dead letter', () => {
  it('given a position or an id, then that one is found, and another record differs from a missing one', async () => {
    for (const applied of [undefined, 5, 9]) {
      const source = createSource(RECORDS, applied === undefined ? {} : { applied })
      const kind = async (name: string) => {
        const answer = await findDeadLetter(source, name)
        return answer.kind === 'found' ? `${answer.found.offset} ${answer.handled ?? 'open'}` : answer.kind
      }
      assert.equal(await kind('0@3'), '3 open')
      assert.equal(await kind('0@7'), '7 dropped')
      assert.equal(await kind('0@6'), 'broken')
      assert.equal(await kind('0@2'), 'other-record')
      assert.equal(await kind('0@10'), 'none')
      assert.equal(await kind('1@0'), 'none')
      assert.equal(await kind('y0'), '0 redriven')
      assert.equal(await kind('x2'), 'none')
    }
  })

  it('given a failure of the router or the redriver themselves, then it is a dead letter, not a broken one', () => {
    const unrouted = { class: undefined, routedBecause: undefined, quarantined: undefined }
    const changes = { ...unrouted, consumer: 'redriver', errorType: 'rejected' }
    const found = getDeadLetter(deadLetterRecord(changes, 'io.sluice.failure.v1'))
    const { class: kind, routedBecause, quarantined, consumer } = found?.deadLetter ?? {}
    assert.deepEqual([kind, quarantined, consumer], ['permanent', false, 'redriver'])
    assert.equal(routedBecause, 'the consumer refused the event; failures of redriver itself are not retried')
    const cut = deadLetterRecord({ ...changes, consumer: undefined }, 'io.sluice.failure.v1')
    assert.equal(readDlqRecord(cut).kind, 'broken')
  })

  it('given another record of the same topic, then it is not a dead letter', () => {
    assert.ok(getDeadLetter(deadLetterRecord()))
    assert.equal(getDeadLetter(deadLetterRecord({}, 'io.sluice.audit.v1')), undefined)
    assert.equal(getDeadLetter(deadLetterRecord({ error: undefined })), undefined)
    assert.equal(getDeadLetter({ ...deadLetterRecord(), value: null }), undefined)
  })
})
