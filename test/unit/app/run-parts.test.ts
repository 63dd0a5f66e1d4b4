/** Parts of a scheduled function run each on its own. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runParts } from '../../../lib/app/handlers/run-parts.ts'
import { scheduledFunction } from '../../../lib/app/handlers/scheduled-function.ts'

describe('the parts of a scheduled function', () => {
  it('given a part that takes long, then the next one starts beside it, and both are awaited', async () => {
    const begun = Promise.withResolvers<void>()
    const result = await runParts(
      {
        rules: async () => {
          // It never ends before the ticks have begun.
          await begun.promise
          throw new Error('late')
        },
        ticks: async () => begun.resolve(),
      },
      1,
    ).catch((error: Error) => error.message)
    assert.equal(result, 'rules: late')
  })

  it('given an error of several lines, then the run fails with all of them in one line', async () => {
    Object.assign(process.env, { KAFKA_BROKERS: '127.0.0.1:1', REDIS_URL: 'redis://127.0.0.1:1' })
    const failing = () => runParts({ redriven: () => Promise.reject(new Error('two errors:\n  - a\n  - b')) })
    const context = { getRemainingTimeInMillis: () => 1_000 } as never
    await assert.rejects(scheduledFunction('redriver', [], failing)({}, context), {
      message: 'redriven: two errors: - a - b',
    })
  })
})
