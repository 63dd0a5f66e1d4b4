import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DeadLetterWatch } from '../../../lib/queries/recent-dead-letters.ts'
import type { LogRecord } from '../../../packages/runtime/cloudevents/record.ts'
import { MemoryLogReader } from '../../../packages/runtime/testing/log-reader.ts'
import { handledRecord, letterRecord } from '../../support/dead-letters.ts'

const TOPIC = 'sluice.telemetry.dlq.local'

function letter(
  partition: number,
  offset: number,
  changes: object = {},
  id = `${partition}-${offset}`,
): LogRecord {
  return { ...letterRecord(changes, undefined, id), partition, offset, timestampMs: offset * 10 + partition }
}

function handled(
  partition: number,
  offset: number,
  action: 'redriven' | 'dropped',
  from: number,
  to: number,
) {
  const data = { action, by: 'ann', at: '2026-03-01T13:00:00Z', operation: 'o', ranges: [{ from, to }] }
  return { ...handledRecord(data), partition, offset, timestampMs: offset * 10 }
}

/** A look at a topic of two partitions that has these records. */
function look(
  watch: DeadLetterWatch,
  records: readonly LogRecord[],
  starts: readonly number[] = [0, 0],
  { fetchRecords = 1_000, mayGoOn = (): boolean => true } = {},
) {
  const bounds = [0, 1].map(partition => {
    const offsets = records.filter(one => one.partition === partition).map(({ offset }) => offset)
    const start = starts[partition] ?? 0
    return { start, end: Math.max(start, ...offsets.map(offset => offset + 1)) }
  })
  let reads = 0
  const log = new MemoryLogReader(records, fetchRecords)
  const read: MemoryLogReader['read'] = (...args) => {
    reads++
    return log.read(...args)
  }
  return watch.look({ read }, TOPIC, async () => bounds, mayGoOn).then(recent => ({ ...recent, reads }))
}

describe('the newest dead letters', () => {
  const FIRST = [letter(0, 0), letter(1, 0), letter(0, 1), letter(1, 1)]

  it('given letters of one batch, which have the same time, then the last of them comes first', async () => {
    const batch = [0, 1, 2].map(offset => ({ ...letter(0, offset), timestampMs: 7 }))
    const { letters } = await look(new DeadLetterWatch(10), batch)
    assert.deepEqual(
      letters.map(({ offset }) => offset),
      [2, 1, 0],
    )
  })

  it('given two partitions, then they come the newest first, and are all that there is', async () => {
    const { letters, isWhole, records } = await look(new DeadLetterWatch(10), FIRST)
    assert.deepEqual(
      letters.map(({ partition, offset }) => [partition, offset]),
      [
        [1, 1],
        [0, 1],
        [1, 0],
        [0, 0],
      ],
    )
    assert.deepEqual([isWhole, records], [true, 4])
  })

  it('given a second look, then only what is new is read, and word of older letters counts', async () => {
    const watch = new DeadLetterWatch(10)
    await look(watch, FIRST)
    const again = await look(watch, FIRST)
    assert.deepEqual([again.reads, again.letters.length], [0, 4])
    const later = [...FIRST, handled(0, 2, 'dropped', 0, 5), letter(0, 3), handled(0, 4, 'redriven', 1, 1)]
    const { letters, reads } = await look(watch, later)
    const states = letters.filter(({ partition }) => partition === 0).map(({ handled }) => handled)
    assert.deepEqual([states, reads], [[null, 'redriven', 'dropped'], 1])
  })

  it('given more than it looks at, then it has the newest of each partition, and says so', async () => {
    const records = Array.from({ length: 20 }, (_, offset) => letter(0, offset))
    const watch = new DeadLetterWatch(5)
    const { letters, isWhole, records: looked } = await look(watch, records)
    assert.deepEqual([letters.length, letters.at(-1)?.offset, isWhole, looked], [5, 15, false, 5])
    const more = [...records, letter(0, 20), letter(0, 21)]
    const next = await look(watch, more)
    assert.deepEqual([next.letters.length, next.letters.at(-1)?.offset], [5, 17])
  })

  it('given a topic that was made anew, then what was of the old one is forgotten', async () => {
    const watch = new DeadLetterWatch(10)
    await look(watch, FIRST)
    const { letters } = await look(watch, [letter(0, 0, { consumer: 'new' })])
    assert.deepEqual(
      letters.map(one => one.kind === 'letter' && one.consumer),
      ['new'],
    )
  })

  it('given what retention has taken, a copy, a broken one and others, then it has what people must know', async () => {
    const broken = { ...letterRecord({ consumer: undefined }), partition: 1, offset: 1 }
    const other = { ...letter(1, 2), value: Buffer.from('{}'), headers: [] }
    const copy = letter(0, 3, {}, 'same')
    const records = [letter(0, 1), letter(0, 2, {}, 'same'), copy, broken, other]
    const { letters } = await look(new DeadLetterWatch(10), records, [2, 0])
    assert.deepEqual(
      letters.map(({ kind, partition, offset }) => [kind, partition, offset]),
      [
        ['letter', 0, 2],
        ['broken', 1, 1],
      ],
    )
  })

  it('given a look that takes too long, then it knows a part, and the next one goes on from there', async () => {
    const watch = new DeadLetterWatch(10)
    const records = Array.from({ length: 6 }, (_, offset) => letter(0, offset))
    const first = await look(watch, records, [0, 0], { fetchRecords: 2, mayGoOn: () => false })
    assert.deepEqual([first.letters.length, first.pending], [2, 4])
    const second = await look(watch, records)
    assert.deepEqual([second.letters.length, second.pending], [6, 0])
  })
})
