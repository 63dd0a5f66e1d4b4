/** Parts of a scheduled function run each on its own. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runParts } from '../../../lib/app/run-parts.ts'

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
})
