import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { HOPELESS_MS, until } from '../../support/until.ts'

describe('a wait for a condition', () => {
  beforeEach(() => mock.timers.enable({ apis: ['Date', 'setTimeout'] }))
  afterEach(() => mock.timers.reset())

  /** Lets so much time pass as one wait takes. */
  async function pass(): Promise<void> {
    for (let passed = 0; passed <= HOPELESS_MS; passed += 1_000) {
      mock.timers.tick(1_000)
      await turn()
      await turn()
    }
  }

  it('given a situation that does not change, then it ends, and says what was waited for', async () => {
    const waiting = assert.rejects(
      until('a sign', () => false, { describe: () => [1] }),
      /not within 300 s: a sign \[1\]/,
    )
    await pass()
    await waiting
  })

  it('given a situation that changes, then it continues for as long', async () => {
    let [seen, isOver] = [0, false]
    const waiting = until('a sign', () => isOver, { describe: () => seen })
    for (seen = 1; seen < 4; seen += 1) await pass()
    isOver = true
    await pass()
    await waiting
  })
})
