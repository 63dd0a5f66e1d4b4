/** An erasure stays in effect when the archiver or the compactor writes rows again. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { archiver } from '../../../lib/history/archiver.ts'
import { compactHistory } from '../../../lib/history/compact.ts'
import { entityDigest, isErasedRow } from '../../../lib/history/erased.ts'
import { putErasure } from '../../../lib/history/erasures.ts'
import { objectsOf } from '../../../lib/history/read.ts'
import type { LogRecord } from '../../../packages/runtime/cloudevents/record.ts'
import { writeEvent } from '../../../packages/runtime/cloudevents/writer.ts'
import { addObject, historyRows, MemoryHistory, PLAIN, rowsIn } from '../../support/memory-history.ts'
import { environmentReading as reading } from '../../support/records.ts'

const TOPIC = 'sluice.telemetry.readings.test'
const START_MS = Date.parse('2026-11-20T12:00:00Z')
const DAY_MS = 86_400_000

function records(from: number, to: number, startMs = START_MS): LogRecord[] {
  return Array.from({ length: to - from + 1 }, (_, index) => {
    const offset = from + index
    const sensor = offset % 2 === 0 ? 's-1' : 's-2'
    const timestampMs = startMs + offset * 1_000
    const place = { topic: TOPIC, partition: 0, offset, timestampMs, key: null }
    return { ...place, ...writeEvent(reading(`r${offset}`, { sensor })) }
  })
}

function erasure(upTo: number, id = 'e') {
  const entities = [entityDigest('/environment/test-site s-1')]
  return { id, time: '', entities, upTo: { [TOPIC]: [upTo] } }
}

async function compact(store: MemoryHistory): Promise<void> {
  await compactHistory(store, {
    retention: {},
    nowMs: () => START_MS,
    hasTime: () => true,
    report: problem => assert.fail(JSON.stringify(problem)),
  })
}

/** Offsets of the readings whose contents are erased. */
async function erasedIn(store: MemoryHistory): Promise<number[]> {
  const found: number[] = []
  for await (const rows of historyRows(store, { table: 'readings' }))
    found.push(...rows.filter(isErasedRow).map(({ offset }) => offset))
  return found
}

const even = (to: number) => Array.from({ length: Math.floor(to / 2) + 1 }, (_, index) => index * 2)

async function written(store: MemoryHistory, own: readonly LogRecord[]): Promise<void> {
  const sink = archiver({
    name: 'archiver',
    store,
    reader: PLAIN,
    nowMs: () => 0,
    tableOfTopic: () => 'readings',
  })
  const [firstOffset, lastOffset] = [own[0]?.offset ?? 0, own.at(-1)?.offset ?? 0]
  await sink.write({
    topic: TOPIC,
    partition: 0,
    firstOffset,
    lastOffset,
    name: '',
    records: own,
    events: [],
  })
}

describe('the archiver, given an erasure', () => {
  it('when a segment is delivered again, then its rows stay erased, and later rows are kept', async () => {
    const store = new MemoryHistory()
    await written(store, records(0, 9))
    await putErasure(store, erasure(5))
    await written(store, records(0, 9))
    assert.deepEqual(await erasedIn(store), [0, 2, 4])
    assert.equal((await objectsOf(store, { table: 'readings' })).length, 1)
  })

  it('when it comes while a segment is written, then the segment is written again', async () => {
    const store = new MemoryHistory()
    store.before = async request => {
      if (!request.startsWith('put readings')) return
      store.before = () => {}
      await putErasure(store, erasure(9))
    }
    await written(store, records(0, 9))
    assert.deepEqual(await erasedIn(store), even(9))
  })
})

describe('the compactor, given an erasure', () => {
  it('when it merges parts that an erasure has not reached, then the compacted rows are erased', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.integer({ min: -1, max: 25 }), { maxLength: 3 }),
        async (size, limits) => {
          const store = new MemoryHistory()
          for (let from = 0; from < 20; from += size)
            await addObject(store, 'readings', records(from, Math.min(from + size, 20) - 1))
          // The last part ends the group.
          await addObject(store, 'readings', records(20, 21, START_MS + DAY_MS))
          for (const [index, upTo] of limits.entries()) await putErasure(store, erasure(upTo, String(index)))
          await compact(store)
          const compacted = (await objectsOf(store, { table: 'readings' })).filter(
            ({ level }) => level === 'compacted',
          )
          assert.equal(compacted.length, 1)
          const rows = await rowsIn(store, 'readings', compacted[0]?.key ?? '')
          const last = Math.max(-1, ...limits)
          assert.deepEqual(
            rows.map(row => [row.offset, isErasedRow(row)]),
            rows.map(({ offset }) => [offset, offset % 2 === 0 && offset <= last]),
          )
          assert.equal(rows.length, 20)
        },
      ),
      { numRuns: 30 },
    )
  })

  it('when it ends before it has looked for new erasures, then the next run applies them', async () => {
    const store = new MemoryHistory()
    await addObject(store, 'readings', records(0, 9))
    await addObject(store, 'readings', records(10, 11, START_MS + DAY_MS))
    store.before = async request => {
      if (!request.startsWith('put readings/compacted')) return
      // The erasure reaches the part, but not the object that is being written.
      store.before = request => {
        if (request.startsWith('list erasures')) throw new Error('crash')
      }
      const before = store.before
      store.before = () => {}
      await putErasure(store, erasure(9))
      store.before = before
    }
    await assert.rejects(compact(store), /crash/)
    store.before = () => {}
    assert.deepEqual(await erasedIn(store), [])
    await compact(store)
    assert.deepEqual(await erasedIn(store), even(9))
  })
})
