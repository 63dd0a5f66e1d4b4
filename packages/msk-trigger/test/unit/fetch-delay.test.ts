import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fetchDelayMs } from '../../poll/backpressure.ts'

const fetched = (count: number, lag: number) => ({
  messages: Array.from({ length: count }) as Parameters<typeof fetchDelayMs>[0]['messages'],
  offsetLag: () => String(lag),
})

describe('between two fetches', () => {
  it('given few records and no more to read, then the next fetch is delayed by a few milliseconds', () => {
    assert.ok(fetchDelayMs(fetched(1, 0)) > 0)
    assert.ok(fetchDelayMs(fetched(99, 0)) <= 5)
  })

  it('given many records, or more in the broker, then the next fetch starts at once', () => {
    assert.equal(fetchDelayMs(fetched(1, 1)), 0)
    assert.equal(fetchDelayMs(fetched(100, 0)), 0)
  })
})
