import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkTransactions } from '../../../lib/diagnosis/checks/transactions.ts'
import { StallWatch } from '../../../lib/diagnosis/stalls.ts'

const START_MS = Date.parse('2026-03-02T10:00:00Z')
const PLACE = { topic: 'orders', partition: 2, end: 40, highWatermark: 61 }
const KNOWN = { ...PLACE, producerId: 7, transactionalId: 'shop\n', sinceMs: START_MS, timeoutMs: 900_000 }

describe('a transaction that is open', () => {
  const check = (seen: Parameters<typeof checkTransactions>[1], afterMs: number) =>
    checkTransactions('local', seen, START_MS + afterMs).map(({ subject, verdict }) => [subject, verdict])

  it('given a minute and no longer, then it is no finding', () => {
    assert.deepEqual(check({ seen: [KNOWN] }, 60_000), [['local', 'ok']])
    assert.deepEqual(check({ seen: [KNOWN] }, 60_001), [['orders', 'wrong']])
  })

  it('given no start, or no answer, then the finding is unknown', () => {
    assert.deepEqual(check({ seen: [PLACE] }, 0), [['orders', 'unknown']])
    assert.deepEqual(check({ unseen: 'refused' }, 0), [['local', 'unknown']])
  })

  it('then partition, ends, start and producer are named, and how it ends', () => {
    const [known, unknown] = checkTransactions('local', { seen: [KNOWN, PLACE] }, START_MS + 90_000)
    assert.match(
      known?.says ?? '',
      /^orders\/2 can be read to offset 40 only, .* watermark is 61: .* since 2026-03-02T10:00:00.000Z, of producer 7 \(transactional id "shop\\n"\)/,
    )
    assert.match(
      known?.todo ?? '',
      /at 2026-03-02T10:15:00.000Z\..*same transactional id.*abort --topic orders --partition 2 --start-offset 40/,
    )
    assert.match(
      unknown?.says ?? '',
      /since an unknown time, of producer unknown \(transactional id unknown\)/,
    )
    assert.match(unknown?.todo ?? '', /may stay open/)
  })

  it('then the functions that read the topic have stalled since it began', () => {
    const lag = { function: 'intake', topic: 'orders', group: 'g', windowMs: 0, pending: 0, partitions: [] }
    const facts = { servers: {}, lags: [lag, { ...lag, topic: 'others' }], members: new Map(), broken: [] }
    const [stall, ...others] = new StallWatch(2_000).next(
      { ...facts, transactions: [KNOWN] },
      START_MS + 90_000,
    )
    assert.deepEqual([stall?.functions, stall?.sinceMs, others], [['intake'], START_MS, []])
  })
})
