import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { delayAfter, shouldLog } from '../../report/attempts.ts'

describe('the backoff', () => {
  it('doubles with each failure, up to its maximum', () => {
    const delays = [1, 2, 3, 4, 5_000].map(n => delayAfter(n, { retryDelayMs: 200, maxRetryDelayMs: 1_000 }))
    assert.deepEqual(delays, [200, 400, 800, 1_000, 1_000])
  })

  it('is logged at growing intervals', () => {
    const logged = Array.from({ length: 1_000 }, (_, n) => n + 1).filter(shouldLog)
    assert.deepEqual(logged, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512])
  })
})
