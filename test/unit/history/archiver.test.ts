import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { LogRecord } from '#runtime/cloudevents'
import { archived } from '#runtime/test/support/archive'
import { Stage } from '#runtime/testing'
import { archiver, hideEvents } from '../../../lib/history/archiver.ts'
import { type HistoryStore, HistoryUnavailable } from '../../../lib/history/store.ts'
import { APPLICATION, FAMILIES } from '../../support/families.ts'
import { historyRows } from '../../support/memory-history.ts'

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)
const LIMITS = { offsets: 10, spanMs: 60_000 }

class MemoryHistory implements HistoryStore {
  readonly name = 'memory'
  readonly objects = new Map<string, Buffer>()
  /** Contents that an object had before, if they differed. */
  readonly changed: string[] = []
  isAway = false

  async *list(prefix: string): AsyncGenerator<string> {
    yield* [...this.objects.keys()].filter(key => key.startsWith(prefix)).sort()
  }

  async get(key: string): Promise<Buffer | undefined> {
    return this.objects.get(key)
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    if (this.isAway) throw new HistoryUnavailable('the bucket does not answer')
    const before = this.objects.get(key)
    if (before && !before.equals(bytes)) this.changed.push(key)
    this.objects.set(key, Buffer.from(bytes))
  }
}

/** @param history bucket that several archivers can share */
function archiving(history = new MemoryHistory()) {
  const reader = { read: (event: never) => event, prepare: async () => {} }
  const sink = archiver(
    { name: 'archiver', families: FAMILIES, store: history, reader, tableOfTopic: () => 'readings' },
    LIMITS,
  )
  return { history, stage: new Stage(hideEvents(APPLICATION), sink as never) }
}

async function readOffsets(history: HistoryStore): Promise<number[]> {
  const offsets: number[] = []
  for await (const rows of historyRows(history, { table: 'readings' }))
    offsets.push(...rows.map(({ offset }) => offset))
  return offsets
}

/** A log in which every kind of record occurs that other consumers leave out. */
function everything(): LogRecord[] {
  const records = range(0, 29).map(offset => archived(offset))
  records[3] = { ...archived(3), headers: [], value: null }
  records[4] = { ...archived(4), headers: [['ce_id', Buffer.from('x')]] }
  records[5] = archived(5, { id: 'r1' })
  records[6] = {
    ...archived(6),
    headers: [...archived(6).headers, ['sluice-redrive-consumer', Buffer.from('other')]],
  }
  return records
}

describe('given an archiver', () => {
  test('when records come that other consumers leave out, then each is a row, and none fails', async () => {
    const { history, stage } = archiving()
    await stage.batch(everything())
    assert.deepEqual(await readOffsets(history), range(0, 29))
    assert.deepEqual(new Set(stage.outcomes), new Set(['ignored/archived', 'ignored/redriven-for-another']))
    assert.deepEqual(stage.publisher.publishedRecords, [])
  })

  test('when the bucket does not answer, then the records wait, and are archived once it does', async () => {
    const { history, stage } = archiving()
    history.isAway = true
    assert.ok((await stage.batch(everything().slice(0, 15))).batchItemFailures.length > 0)
    assert.equal(history.objects.size, 0)
    history.isAway = false
    await stage.batch(everything())
    assert.deepEqual(await readOffsets(history), range(0, 29))
  })

  // Promise docs/history.md#objects | A redelivery and a second archiver neither lose nor double a row; missing and repeated rows are found.
  test('when two write the same log at once, in batches of their own, then the objects are those of one', async () => {
    const shared = new MemoryHistory()
    const [one, other, alone] = [archiving(shared), archiving(shared), archiving()]
    const records = everything()
    for (const size of range(1, 5))
      await Promise.all([
        one.stage.batch(records.slice(0, size * 6)),
        other.stage.batch(records.slice(0, size * 5 + 3)),
      ])
    await alone.stage.batch(records)
    await other.stage.batch(records)
    assert.deepEqual(shared.changed, [])
    assert.deepEqual(shared.objects, alone.history.objects)
  })

  test('when the clock of the log jumps, then each record is in one part', async () => {
    const { history, stage } = archiving()
    const jump = (offset: number) => (offset === 4 ? 86_400 : offset === 7 ? -86_400 : offset)
    await stage.batch(range(0, 29).map(offset => archived(offset, { at: jump(offset) })))
    const offsets = await readOffsets(history)
    assert.deepEqual(offsets, range(0, 29))
    assert.ok(new Set([...history.objects.keys()].map(key => key.split('/')[2])).size > 1)
  })
})
