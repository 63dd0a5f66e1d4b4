import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { restMs } from '../../../../localstack/msk-trigger/backpressure.ts'

const fetched = (count: number, lag: number) => ({
  messages: Array.from({ length: count }) as Parameters<typeof restMs>[0]['messages'],
  offsetLag: () => String(lag),
})

describe('between two fetches', () => {
  it('given few records and no more of them, then the next waits a moment, well below what anybody notices', () => {
    assert.ok(restMs(fetched(1, 0)) > 0)
    assert.ok(restMs(fetched(99, 0)) <= 5)
  })

  it('given more that wait in the broker, or many records, then the next begins at once', () => {
    assert.equal(restMs(fetched(1, 1)), 0)
    assert.equal(restMs(fetched(100, 0)), 0)
  })
})
