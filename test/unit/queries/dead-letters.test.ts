import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { listDeadLetters, type OlderPlaces } from '../../../lib/queries/dead-letter-list.ts'
import { readDlqRecord } from '../../../lib/queries/dead-letter-records.ts'
import { deadLetterIn, findDeadLetter } from '../../../lib/queries/dead-letters.ts'
import { handledDeadLetters } from '../../../lib/queries/handled-dead-letters.ts'
import type { LogReader } from '../../../packages/runtime/pipeline/ports.ts'
import { MemoryLogReader } from '../../../packages/runtime/testing/log-reader.ts'
import { handledRecord, letterRecord } from '../../support/dead-letters.ts'

const TOPIC = 'sluice.telemetry.dlq.local'
const at = (offset: number, changes: object = {}, type?: string, id = `y${offset}`) => ({
  ...letterRecord(changes, type, id),
  partition: 0,
  offset,
  timestampMs: offset,
})
const RECORDS = [
  at(0),
  at(1, { consumer: 'alerting' }),
  at(2, {}, 'io.sluice.audit.v1'),
  at(3, { errorType: 'rejected' }),
  at(4),
]
const log = new MemoryLogReader(RECORDS)
const RANGE = { topic: TOPIC, partition: 0, start: 0, end: 5 }
const RANGES = [RANGE]

function handledAt(offset: number, action: string, ranges: readonly object[]) {
  const data = { action, by: 'ann', at: '2026-03-01T13:00:00Z', operation: 'o', ranges }
  return { ...handledRecord(data), partition: 0, offset, timestampMs: offset }
}

describe('dead letters', () => {
  it('given no filter, then the newest are listed, and all are counted if that is wanted', async () => {
    const { deadLetters, counts } = await listDeadLetters(log, RANGES, { limit: 2, count: true })
    assert.deepEqual(counts?.codes, { 'schema-violated': 3, rejected: 1 })
    assert.deepEqual(
      deadLetters.map(({ offset, code, entity }) => [offset, code, entity]),
      [
        [3, 'rejected', '/environment/vienna roof-1'],
        [4, 'schema-violated', '/environment/vienna roof-1'],
      ],
    )
    assert.deepEqual([counts?.total, counts?.others], [4, 1])
    assert.equal((await listDeadLetters(log, RANGES, { limit: 2 })).counts, null)
    assert.equal((await listDeadLetters(log, RANGES, { limit: 9 })).counts?.total, 4)
  })

  it('given more than a page, then each page goes on where the one before ended, without what was handled', async () => {
    const inOther = [1, 4, 7].map((timestampMs, offset) => ({ ...at(offset), partition: 1, timestampMs }))
    const mixed = new MemoryLogReader([
      ...[0, 1, 2, 3].map(offset => at(offset)),
      ...inOther,
      handledAt(4, 'dropped', [{ from: 1, to: 1 }]),
    ])
    const ranges = [RANGE, { ...RANGE, partition: 1, end: 3 }]
    const pages: string[][] = []
    for (let before: OlderPlaces | null | undefined; before !== null && pages.length < 9; ) {
      const page = await listDeadLetters(mixed, ranges, { limit: 2, before })
      pages.push(page.deadLetters.map(({ partition, offset }) => `${partition}@${offset}`))
      before = page.older
    }
    assert.deepEqual(pages, [
      ['1@1', '1@2'],
      ['0@2', '0@3'],
      ['0@0', '1@0'],
    ])
  })

  it('given many, then a page reads few of them', async () => {
    const many = new MemoryLogReader(Array.from({ length: 20_000 }, (_, offset) => at(offset)))
    let read = 0
    const counted: LogReader = {
      read: async (...args) => {
        const looked = await many.read(...args)
        read += looked.records.length
        return looked
      },
    }
    const { deadLetters } = await listDeadLetters(counted, [{ ...RANGE, end: 20_000 }], { limit: 50 })
    assert.deepEqual([deadLetters.length, deadLetters.at(-1)?.offset], [50, 19_999])
    assert.ok(read < 1_500, `${read} records were read`)
  })

  it('given a code and a consumer, then only what fits both is listed', async () => {
    const offsets = async (filter: object) =>
      (await listDeadLetters(log, RANGES, { limit: 9, ...filter })).deadLetters.map(({ offset }) => offset)
    assert.deepEqual(await offsets({ consumer: 'alerting' }), [1])
    assert.deepEqual(await offsets({ code: 'rejected' }), [3])
    assert.deepEqual(await offsets({ code: 'rejected', consumer: 'alerting' }), [])
    assert.deepEqual(await offsets({ sinceMs: 1, untilMs: 4 }), [1, 3])
  })

  it('given an entity or a type, then only events of it are listed, and nothing that is not an event', async () => {
    const other = { originalHeaders: [] }
    const mixed = new MemoryLogReader([at(0), at(1, other), at(2)])
    const offsets = async (filter: object) =>
      (await listDeadLetters(mixed, [{ ...RANGE, end: 3 }], { limit: 9, ...filter })).deadLetters.map(
        ({ offset }) => offset,
      )
    assert.deepEqual(await offsets({ entity: 'roof-1' }), [0, 2])
    assert.deepEqual(await offsets({ entity: '/environment/vienna roof-1' }), [0, 2])
    assert.deepEqual(await offsets({ entity: 'roof-2' }), [])
    assert.deepEqual(await offsets({ type: 'io.sluice.environment.reading.v1' }), [0, 2])
    assert.deepEqual(await offsets({ type: 'io.sluice.device.motion.v1' }), [])
    assert.deepEqual(await offsets({}), [0, 1, 2])
  })

  it('given what people have handled, then it is left out unless all is asked for', async () => {
    const mixed = new MemoryLogReader([
      at(0),
      at(1),
      at(2),
      handledAt(3, 'redriven', [{ from: 0, to: 0 }]),
      handledAt(4, 'dropped', [{ from: 2, to: 99 }]),
      at(5),
      { ...at(0), partition: 1 },
    ])
    const ranges = [
      { ...RANGE, end: 6 },
      { ...RANGE, partition: 1, end: 1 },
    ]
    const open = await listDeadLetters(mixed, ranges, { limit: 9 })
    // Of another partition, or later than the word of it: not meant.
    assert.deepEqual(
      open.deadLetters.map(({ partition, offset }) => `${partition}@${offset}`),
      ['1@0', '0@1', '0@5'],
    )
    assert.deepEqual([open.counts?.total, open.counts?.handled, open.counts?.others], [3, 2, 0])
    const all = await listDeadLetters(mixed, ranges, { limit: 9, all: true })
    assert.deepEqual(
      all.deadLetters.map(({ handled }) => handled),
      ['redriven', null, null, 'dropped', null],
    )
    assert.equal(all.counts?.handled, 0)
  })

  it('given one that is broken, then it is shown with its place, and hides none of the others', async () => {
    const wrong: [changes: object, why: RegExp][] = [
      [{ originalPartition: 'three' }, /^originalPartition breaks the schema's "type"$/],
      [{ consumer: undefined }, /^consumer is missing$/],
      [{ originalValue: 'AA=A' }, /^originalValue is not base64$/],
      [{ originalHeaders: [{ name: 'h', value: '%%%%' }] }, /^a header is not base64$/],
      [{ history: [{ attempt: 0 }] }, /^history\.0/],
    ]
    const broken = wrong.map(([changes], index) => at(index + 1, changes))
    const cut = { ...at(6), value: Buffer.from('{"specversion":"1.0"') }
    const wordless = handledAt(7, 'redriven', [])
    const mixed = new MemoryLogReader([at(0), ...broken, cut, wordless, at(8)])
    const found = await listDeadLetters(mixed, [{ ...RANGE, end: 9 }], { limit: 9, code: 'schema-violated' })
    assert.deepEqual(
      found.deadLetters.map(({ offset }) => offset),
      [0, 8],
    )
    assert.equal(found.counts?.broken, 7)
    for (const [index, [, why]] of wrong.entries()) assert.match(found.broken[index]?.why ?? '', why)
    assert.match(found.broken[5]?.why ?? '', /not JSON/)
    assert.match(found.broken[6]?.why ?? '', /should say which/)
    assert.deepEqual(found.broken[6]?.offset, 7)
  })

  it('given a letter that the router published twice, then it is there once, at its first place', async () => {
    const twice = [at(0), at(1), at(2, {}, undefined, 'y1'), at(3, {}, undefined, 'y0'), at(4)]
    const { deadLetters, counts } = await listDeadLetters(new MemoryLogReader(twice, 2), RANGES, { limit: 9 })
    assert.deepEqual([counts?.total, deadLetters.map(({ offset }) => offset)], [3, [0, 1, 4]])
    const elsewhere = [at(0), { ...at(0), partition: 1 }]
    const ranges = [0, 1].map(partition => ({ ...RANGE, partition, end: 1 }))
    assert.equal(
      (await listDeadLetters(new MemoryLogReader(elsewhere), ranges, { limit: 9 })).counts?.total,
      2,
    )
  })

  it('given a signal that is aborted, then the search ends, and no part of it looks like the whole', async () => {
    const oneByOne = new MemoryLogReader(RECORDS, 1)
    const signal = AbortSignal.abort('stopped')
    const isReason = (error: unknown) => error === 'stopped'
    await assert.rejects(listDeadLetters(oneByOne, RANGES, { limit: 9, signal }), isReason)
    await assert.rejects(findDeadLetter(oneByOne, RANGES, { id: 'x2' }, signal), isReason)
    await assert.rejects(handledDeadLetters(oneByOne, RANGES, signal), isReason)
  })

  it('given a place or an id, then that one is found, and another record is told apart from none', async () => {
    const kind = async (wanted: { id: string } | { partition: number; offset: number }) => {
      const answer = await findDeadLetter(log, RANGES, wanted)
      return answer.kind === 'found' ? answer.found.offset : answer.kind
    }
    assert.equal(await kind({ partition: 0, offset: 3 }), 3)
    assert.equal(await kind({ partition: 0, offset: 2 }), 'other-record')
    assert.equal(await kind({ partition: 0, offset: 5 }), 'none')
    assert.equal(await kind({ partition: 1, offset: 0 }), 'none')
    assert.equal(await kind({ id: 'y0' }), 0)
    assert.equal(await kind({ id: 'x2' }), 'none')
  })

  it('given a failure of the router or the redriver themselves, then it is a dead letter, not a broken one', () => {
    const unrouted = { class: undefined, routedBecause: undefined, quarantined: undefined }
    const changes = { ...unrouted, consumer: 'redriver', errorType: 'rejected' }
    const found = deadLetterIn(letterRecord(changes, 'io.sluice.failure.v1'))
    const { class: kind, routedBecause, quarantined, consumer } = found?.deadLetter ?? {}
    assert.deepEqual([kind, quarantined, consumer], ['permanent', false, 'redriver'])
    assert.equal(routedBecause, 'the consumer refused the event; failures of redriver itself are not retried')
    const cut = letterRecord({ ...changes, consumer: undefined }, 'io.sluice.failure.v1')
    assert.equal(readDlqRecord(cut).kind, 'broken')
  })

  it('given what only lies in the same topic, then it is not a dead letter', () => {
    assert.ok(deadLetterIn(letterRecord()))
    assert.equal(deadLetterIn(letterRecord({}, 'io.sluice.audit.v1')), undefined)
    assert.equal(deadLetterIn(letterRecord({ error: undefined })), undefined)
    assert.equal(deadLetterIn({ ...letterRecord(), value: null }), undefined)
  })
})
