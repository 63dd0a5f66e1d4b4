import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type BatchableQueue, type BatchLimits, nextBatch } from '../../poll/batching.ts'

const limits: BatchLimits = {
  batchSize: 5,
  windowMs: 100,
  lingerMs: 0,
  payloadBytes: 1000,
  envelopeBytes: 100,
}

/** A queue from `[arrivedAtMs, eventBytes]` pairs; offsets count from 0. */
const queue = (
  partition: number,
  ...records: [arrivedAtMs: number, eventBytes?: number][]
): BatchableQueue => ({
  partition,
  eventBytes: 10,
  pending: records.map(([arrivedAtMs, eventBytes = 1], offset) => ({ offset, arrivedAtMs, eventBytes })),
})

describe('the next batch', () => {
  it('is empty while nothing is pending', () => {
    assert.deepEqual(nextBatch([], limits, 0), { do: 'nothing' })
    assert.deepEqual(nextBatch([queue(0)], limits, 0), { do: 'nothing' })
  })

  // Promise packages/msk-trigger/RULES.md#rule 4
  it('waits for the window, which starts when its first record arrives (rules 1, 4)', () => {
    const queues = [queue(0, [50]), queue(1, [30], [90])]
    assert.deepEqual(nextBatch(queues, limits, 129), { do: 'wait', untilMs: 130 })
    assert.deepEqual(nextBatch(queues, limits, 130), {
      do: 'invoke',
      because: 'window',
      takes: [
        { partition: 1, count: 2 },
        { partition: 0, count: 1 },
      ],
    })
  })

  // Promise packages/msk-trigger/RULES.md#rule 5
  // Promise packages/msk-trigger/RULES.md#rule 6
  it('never waits with a window of 0 (rules 5, 6)', () => {
    const next = nextBatch([queue(0, [50])], { ...limits, windowMs: 0 }, 50)
    assert.deepEqual(next, { do: 'invoke', because: 'window', takes: [{ partition: 0, count: 1 }] })
  })

  it('waits for an invocation under way as long as it lingers, and for the window if that is longer', () => {
    const pending = [queue(0, [50]), queue(1, [52])]
    const full = [queue(0, [50], [50], [50], [50], [50])]
    const rows = [
      { windowMs: 0, isBusy: true, waits: [50, 54], sent: 55 },
      { windowMs: 0, isBusy: false, waits: [], sent: 50 },
      { windowMs: 3, isBusy: true, waits: [54], sent: 55 },
      { windowMs: 100, isBusy: true, waits: [55, 149], sent: 150 },
      { windowMs: 0, isBusy: true, queues: full, waits: [], sent: 50 },
    ]
    for (const { windowMs, isBusy, waits, sent, queues = pending } of rows) {
      const nextAt = (nowMs: number) => nextBatch(queues, { ...limits, windowMs, lingerMs: 5 }, nowMs, isBusy)
      for (const nowMs of waits) assert.deepEqual(nextAt(nowMs), { do: 'wait', untilMs: sent })
      assert.equal(nextAt(sent).do, 'invoke')
    }
  })

  // Promise packages/msk-trigger/RULES.md#rule 1
  it('is sent when several partitions together reach the batch size (rules 1, 7)', () => {
    const next = nextBatch([queue(0, [1], [1], [1]), queue(1, [2], [2], [2])], limits, 2)
    assert.deepEqual(next, {
      do: 'invoke',
      because: 'size',
      takes: [
        { partition: 0, count: 3 },
        { partition: 1, count: 2 },
      ],
    })
  })

  it('is sent when the payload limit is reached (rule 1)', () => {
    const next = nextBatch([queue(0, [1, 400], [1, 400], [1, 400])], limits, 1)
    assert.deepEqual(next, { do: 'invoke', because: 'payload', takes: [{ partition: 0, count: 2 }] })
  })

  it('counts the event around the records: exactly full fits, one byte more does not', () => {
    const fits = nextBatch([queue(0, [1, 890])], { ...limits, windowMs: 0 }, 1)
    assert.equal(fits.do, 'invoke')
    const more = nextBatch([queue(0, [1, 800], [1, 91])], limits, 1)
    assert.deepEqual(more, { do: 'invoke', because: 'payload', takes: [{ partition: 0, count: 1 }] })
  })

  it('counts a record that is never sent towards the batch size, but not the payload (rules 9, 15)', () => {
    const next = nextBatch([queue(0, [1, 5], [1, 0], [1, 5])], { ...limits, batchSize: 2 }, 1)
    assert.deepEqual(next, { do: 'invoke', because: 'size', takes: [{ partition: 0, count: 2 }] })
  })

  it('keeps every limit and starts with the oldest record, whatever is pending', () => {
    const records = fc.array(fc.tuple(fc.nat(200), fc.integer({ min: 1, max: 600 })), { maxLength: 12 })
    const inOrder = records.map(list => list.sort((a, b) => a[0] - b[0]))
    fc.assert(
      fc.property(fc.array(inOrder, { maxLength: 4 }), fc.nat(400), (lists, nowMs) => {
        const queues = lists.map((list, partition) => queue(partition, ...list))
        const next = nextBatch(queues, limits, nowMs)
        if (next.do !== 'invoke') return
        const taken = next.takes.map(
          ({ partition, count }) => queues[partition]?.pending.slice(0, count) ?? [],
        )
        const count = taken.flat().length
        const bytes = taken.flat().reduce((sum, record) => sum + record.eventBytes, 100 + 10 * taken.length)
        assert.ok(count >= 1 && count <= limits.batchSize)
        assert.ok(bytes <= limits.payloadBytes)
        assert.equal(new Set(next.takes.map(take => take.partition)).size, next.takes.length)
        const oldest = Math.min(
          ...queues.flatMap(({ pending }) => pending.slice(0, 1).map(r => r.arrivedAtMs)),
        )
        assert.equal(taken[0]?.[0]?.arrivedAtMs, oldest)
      }),
    )
  })
})
