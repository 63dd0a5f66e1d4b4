import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ProducerCounters } from '../../../producer/producer-metrics.ts'

function listLatencies(latenciesMs: Iterable<number>) {
  const counters = new ProducerCounters()
  for (const ms of latenciesMs) counters.addDelivered(1, 10, ms)
  return counters.snapshot().latency_ms
}

const upTo = (last: number) => Array.from({ length: last }, (_, at) => at + 1)

describe('the latencies of a producer', () => {
  // Promise docs/producer.md#publishing-events-from-your-own-code
  it('given batches, then half took at most p50, and 99 in 100 at most p99, in any order', () => {
    assert.deepEqual(listLatencies([]), { p50: 0, p99: 0 })
    assert.deepEqual(listLatencies([4.26]), { p50: 4.3, p99: 4.3 })
    assert.deepEqual(listLatencies([9, 1]), { p50: 1, p99: 9 })
    assert.deepEqual(listLatencies(upTo(100).toReversed()), { p50: 50, p99: 99 })
  })

  it('given more than a thousand batches, then the oldest are left out', () => {
    assert.deepEqual(listLatencies([...Array(500).fill(9_000), ...upTo(1_000)]), { p50: 500, p99: 990 })
  })

  it('given a snapshot, then it counts all batches, and does not change afterwards', () => {
    const counters = new ProducerCounters()
    for (let batch = 0; batch < 1_500; batch++) counters.addDelivered(2, 10, 1)
    const before = counters.snapshot()
    counters.addDelivered(2, 10, 1)
    assert.deepEqual([before.messages_sent, before.bytes_sent], [3_000, 15_000])
  })
})
