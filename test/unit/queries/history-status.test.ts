import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { statusText } from '../../../cli/history/status-text.ts'
import { compactHistory } from '../../../lib/history/compact.ts'
import { DELETED_AFTER_MS } from '../../../lib/history/compaction.ts'
import { type HistoryStatus, historyStatus } from '../../../lib/queries/history-status.ts'
import { MemoryLogReader } from '../../../packages/runtime/testing/log-reader.ts'
import { logRecord } from '../../../packages/runtime/testing/records.ts'
import { MemoryHistory, TEST_TOPIC, writePart } from '../../support/memory-history.ts'
import { alertFired } from '../../support/records.ts'

const NOON_MS = Date.parse('2026-03-01T12:00:00Z')
const DAY_MS = 86_400_000
const OTHER = 'acme.sensors.alerts.empty'

async function statusOf(
  store: MemoryHistory,
  starts: readonly number[],
  end: number,
): Promise<HistoryStatus> {
  const records = starts.flatMap((start, partition) =>
    Array.from({ length: end - start }, (_, row) => {
      const place = { topic: TEST_TOPIC, partition, timestampMs: NOON_MS + (start + row) * 1_000 }
      return logRecord(start + row, alertFired('a'), place)
    }),
  )
  const bounds = async (topic: string) => (topic === TEST_TOPIC ? starts.map(start => ({ start, end })) : [])
  return await historyStatus(
    { store, offsets: { bounds }, log: new MemoryLogReader(records) },
    new Map([['alerts', [OTHER]]]),
    NOON_MS + 200_000,
  )
}

describe('given a history, when its status is shown', () => {
  const history = async () => {
    const store = new MemoryHistory(NOON_MS)
    await writePart(store, { firstOffset: 0, lastOffset: 9, atMs: NOON_MS })
    await writePart(store, { firstOffset: 20, lastOffset: 29, atMs: NOON_MS + 20_000 })
    await writePart(store, { firstOffset: 30, lastOffset: 39, atMs: NOON_MS + DAY_MS })
    await store.put('alerts/parts/notes.txt', Buffer.from('mine'))
    const run = { retention: {}, nowMs: () => store.nowMs, hasTime: () => true, report: () => {} }
    // The frontier moves an hour after the objects were written.
    await compactHistory(store, run)
    store.nowMs += DELETED_AFTER_MS
    await compactHistory(store, run)
    return store
  }

  it('then it has objects, rows, missing ranges, frontier and lag of each partition', async () => {
    const store = await history()
    const { topics, foreign } = await statusOf(store, [0, 50], 60)
    assert.deepEqual(foreign, ['alerts/parts/notes.txt'])
    const [empty, { parts, compacted, partitions, ...place }] = topics as [
      unknown,
      HistoryStatus['topics'][number],
    ]
    const none = { objects: 0, bytes: 0 }
    assert.deepEqual(empty, { table: 'alerts', topic: OTHER, parts: none, compacted: none, partitions: [] })
    assert.deepEqual(place, { table: 'alerts', topic: TEST_TOPIC })
    assert.deepEqual([parts.objects, compacted.objects], [3, 2])
    assert.ok(parts.bytes > 0 && compacted.bytes > 0)
    assert.deepEqual(partitions, [
      {
        partition: 0,
        rows: 30,
        firstOffset: 0,
        lastOffset: 39,
        frontier: 29,
        missing: [{ fromOffset: 10, toOffset: 19 }],
        pending: 20,
        seconds: 160,
      },
      {
        partition: 1,
        rows: 0,
        firstOffset: null,
        lastOffset: null,
        frontier: null,
        missing: [],
        pending: 10,
        seconds: 150,
      },
    ])
  })

  it('given records that expired before they were archived, then their offsets are missing', async () => {
    const { topics } = await statusOf(await history(), [45], 60)
    const { missing, pending } = topics[1]?.partitions[0] ?? {}
    assert.deepEqual(missing, [
      { fromOffset: 10, toOffset: 19 },
      { fromOffset: 40, toOffset: 44 },
    ])
    assert.equal(pending, 15)
  })

  it('then each partition has a line, and each missing range', async () => {
    const text = statusText({ place: 's3://bucket', ...(await statusOf(await history(), [0, 50], 60)) })
    assert.match(text, /^History: s3:\/\/bucket$/m)
    assert.match(text, /^3 parts with \d+\.\d KiB, 2 compacted objects with \d+\.\d KiB$/m)
    assert.match(
      text,
      /^Partition 0: 30 rows, offsets 0 to 39, compacted to 29, lag = 20 \(oldest waits 2 min 40 s\)$/m,
    )
    assert.match(text, /^Partition 0: MISSING offsets 10 to 19 \(10\)$/m)
    assert.match(text, /^Partition 1: nothing archived, lag = 10 \(oldest waits 2 min 30 s\)$/m)
    assert.match(text, /^Objects that do not belong to the history:\n {2}alerts\/parts\/notes.txt$/m)
  })
})
