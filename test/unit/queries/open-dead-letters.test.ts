import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { countOpen } from '../../../lib/queries/open-dead-letters.ts'
import { MemoryLogReader } from '../../../packages/runtime/testing/log-reader.ts'
import { handledRecord, letterRecord } from '../../support/dead-letters.ts'

const TOPIC = 'sluice.telemetry.dlq.local'
const at = (offset: number, changes: object = {}, id = `y${offset}`) => ({
  ...letterRecord(changes, undefined, id),
  partition: 0,
  offset,
  timestampMs: 1_000 + offset,
})
const handledAt = (offset: number, from: number, to: number) => ({
  ...handledRecord({
    action: 'redriven',
    by: 'a',
    at: '2026-03-01T13:00:00Z',
    operation: 'o',
    ranges: [{ from, to }],
  }),
  partition: 0,
  offset,
})
const RECORDS = [
  at(0),
  at(1, { quarantined: true }),
  at(2),
  handledAt(3, 0, 0),
  at(4, { consumer: undefined }),
  at(5),
  handledAt(6, 1, 99),
  at(7, { quarantined: true }),
]
const log = new MemoryLogReader(RECORDS)
const always = () => true

describe('the dead letters that wait for people', () => {
  const counts = async (start: number, end: number, last?: Awaited<ReturnType<typeof countOpen>>) => {
    const counted = await countOpen(log, TOPIC, [{ start, end }], last?.partitions, always)
    return counted
  }
  const numbers = ({ open, quarantined, oldestMs }: Awaited<ReturnType<typeof countOpen>>) => [
    open,
    quarantined,
    oldestMs,
  ]

  it('given letters and word of those that were handled, then the open ones are counted, broken ones too', async () => {
    assert.deepEqual(numbers(await counts(0, 3)), [3, 1, 1_000])
    assert.deepEqual(numbers(await counts(0, 6)), [4, 1, 1_001])
    assert.deepEqual(numbers(await counts(0, 7)), [0, 0, undefined])
    assert.deepEqual(numbers(await counts(0, 8)), [1, 1, 1_007])
  })

  it('given the last count at any place, then the next one goes on from there, and has the same numbers', async () => {
    for (let first = 0; first <= RECORDS.length; first++)
      for (let end = first; end <= RECORDS.length; end++) {
        const last = JSON.parse(JSON.stringify(await counts(0, first)))
        assert.deepEqual(
          numbers(await counts(0, end, last)),
          numbers(await counts(0, end)),
          `${first} ${end}`,
        )
      }
  })

  it('given a letter that the router published twice, then it counts once, also in the next count', async () => {
    const twice = new MemoryLogReader([
      at(0, { quarantined: true }),
      at(1),
      at(2, { quarantined: true }, 'y0'),
    ])
    const counted = (end: number, last?: Awaited<ReturnType<typeof countOpen>>) =>
      countOpen(twice, TOPIC, [{ start: 0, end }], last?.partitions, always)
    assert.deepEqual(numbers(await counted(3)), [2, 1, 1_000])
    assert.deepEqual(numbers(await counted(3, await counted(2))), [2, 1, 1_000])
  })

  it('given as many copies as the router publishes again, when they come after a count, then none counts', async () => {
    const many = 1_000
    const letters = Array.from({ length: many }, (_, offset) => at(offset))
    const copies = letters.map((_, index) => at(many + index, {}, `y${index}`))
    const log = new MemoryLogReader([...letters, ...copies])
    const first = await countOpen(log, TOPIC, [{ start: 0, end: many }], undefined, always)
    const last = JSON.parse(JSON.stringify(first.partitions))
    const next = await countOpen(log, TOPIC, [{ start: 0, end: 2 * many }], last, always)
    assert.deepEqual([first.open, next.open], [many, many])
  })

  it('given that retention has taken some, or that the topic was made anew, then those count no more', async () => {
    const last = await counts(0, 6)
    assert.deepEqual(numbers(await counts(2, 6, last)), [3, 0, 1_002])
    assert.deepEqual(numbers(await counts(0, 3, last)), [3, 1, 1_000])
  })

  it('given too little time, then the rest is pending, and the next count goes on with it', async () => {
    const slow = new MemoryLogReader(RECORDS, 2)
    const part = await countOpen(slow, TOPIC, [{ start: 0, end: 8 }], undefined, () => false)
    assert.deepEqual([part.open, part.pending], [2, 6])
    const rest = await countOpen(slow, TOPIC, [{ start: 0, end: 8 }], part.partitions, always)
    assert.deepEqual([rest.open, rest.pending], [1, 0])
  })

  it('given that all are handled, then what is kept for the next count is small', async () => {
    const [partition] = (await counts(0, 7)).partitions
    const { newest = [], ...sets } = partition ?? {}
    assert.deepEqual(sets, {
      next: 7,
      open: { start: 0, bits: '' },
      quarantined: { start: 0, bits: '' },
    })
    assert.deepEqual(
      newest.map(({ length }) => length),
      [11, 11, 11, 11],
    )
  })
})
