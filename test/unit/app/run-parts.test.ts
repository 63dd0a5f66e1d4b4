/** Parts of a scheduled function run each on its own. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runParts } from '../../../lib/app/run-parts.ts'

describe('the parts of a scheduled function', () => {
  it('given parts that succeed, then they run one after the other, and the results have their names', async () => {
    const log: string[] = []
    const part = (name: string) => async () => {
      log.push(`${name} begins`)
      await Promise.resolve()
      log.push(`${name} ends`)
      return name.length
    }
    assert.deepEqual(await runParts({ rules: part('rules'), ticks: part('ticks') }), { rules: 5, ticks: 5 })
    assert.deepEqual(log, ['rules begins', 'rules ends', 'ticks begins', 'ticks ends'])
  })

  it('given parts that fail, then the others run, and the error names every one that failed', async () => {
    const ran: string[] = []
    const failing = (reason: string) => async (): Promise<void> => {
      throw new Error(reason)
    }
    const working = (name: string) => async () => void ran.push(name)
    const run = runParts({
      rules: failing('Redis does not answer'),
      tables: working('tables'),
      silences: failing('Redis does not answer'),
      ticks: working('ticks'),
      letters: failing('Kafka does not answer'),
    })
    await assert.rejects(run, {
      message: 'rules, silences: Redis does not answer; letters: Kafka does not answer',
    })
    assert.deepEqual(ran, ['tables', 'ticks'])
  })

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
