import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { StallWatch } from '../../../../control/diagnosis/stalls.ts'
import { checkTransactions } from '../../../../control/diagnosis/transactions.ts'

const START_MS = Date.parse('2026-03-02T10:00:00Z')
const PLACE = { topic: 'orders', partition: 2, end: 40, highWatermark: 61 }
const KNOWN = { ...PLACE, producerId: 7, transactionalId: 'shop\n', sinceMs: START_MS, timeoutMs: 900_000 }

describe('a transaction that is open', () => {
  for (const [what, seen, afterMs, wanted] of [
    ['a minute and no longer', { seen: [KNOWN] }, 60_000, ['local', 'ok']],
    ['more than a minute', { seen: [KNOWN] }, 60_001, ['orders', 'wrong']],
    ['no start', { seen: [PLACE] }, 0, ['orders', 'unknown']],
    ['no answer', { unseen: 'refused' }, 0, ['local', 'unknown']],
  ] as const)
    it(`given ${what}, then the finding is ${wanted[1]}`, () => {
      const findings = checkTransactions('local', seen, START_MS + afterMs)
      assert.deepEqual(
        findings.map(({ subject, verdict }) => [subject, verdict]),
        [wanted],
      )
    })

  it('then partition, ends, start and producer are named, and how it ends', () => {
    const seen = [{ ...KNOWN, firstOffset: 38 }, PLACE]
    const [known, unknown] = checkTransactions('local', { seen }, START_MS + 90_000)
    assert.match(
      known?.says ?? '',
      /^orders\/2 can be read to offset 40 only, .* watermark is 61: .* since 2026-03-02T10:00:00.000Z, of producer 7 \(transactional id "shop\\n"\), .* offset 38$/,
    )
    assert.match(
      known?.todo ?? '',
      /at 2026-03-02T10:15:00.000Z\..*same transactional id.*abort --topic orders --partition 2 --start-offset 38/,
    )
    assert.match(
      unknown?.says ?? '',
      /since an unknown time, of producer unknown \(transactional id unknown\), .* offset 40$/,
    )
    assert.match(unknown?.todo ?? '', /may stay open/)
  })

  it('then the functions that read the topic have stalled since it began, or since it was seen first', () => {
    const lag = { function: 'intake', topic: 'orders', group: 'g', windowMs: 0, pending: 0, partitions: [] }
    const facts = { servers: {}, lags: [lag, { ...lag, topic: 'others' }], members: new Map(), broken: [] }
    const look = (watch: StallWatch, one: typeof PLACE, seconds: number) =>
      watch
        .next({ ...facts, transactions: [one] }, START_MS + seconds * 1_000)
        .map(({ functions, sinceMs }) => [functions, sinceMs])
    assert.deepEqual(look(new StallWatch(2_000), KNOWN, 90), [[['intake'], START_MS]])
    const watch = new StallWatch(2_000)
    // Each is short, but its start is not reported, or is that of its last record.
    for (const seconds of [0, 30, 60, 90])
      assert.deepEqual(look(watch, { ...PLACE, end: 40 + seconds }, seconds), [])
    const written = (seconds: number) => ({ ...PLACE, end: 200, sinceMs: START_MS + seconds * 1_000 })
    for (const seconds of [100, 130, 160]) assert.deepEqual(look(watch, written(seconds), seconds), [])
    assert.deepEqual(look(watch, written(161), 161), [[['intake'], START_MS + 100_000]])
  })
})
