import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Outstanding } from '../../../../packages/runtime/producer/outstanding.ts'
import { ManualClock } from '../../../support/scripted-brokers.ts'

/** Counts how many generations are looked at. */
async function flushes(count: number): Promise<number> {
  const outstanding = new Outstanding(new ManualClock())
  let looked = 0
  for (let n = 0; n < count; n++) {
    outstanding.settle(outstanding.add())
    await outstanding.drained(10)
    looked = outstanding.generations
  }
  return looked
}

describe('what is outstanding', () => {
  it('given a thousand flushes of what is settled, then nothing of them is kept', async () => {
    assert.equal(await flushes(1_000), 0)
  })

  it('given a flush, then it waits for what came before it, and not for what came later', async () => {
    const outstanding = new Outstanding(new ManualClock())
    const before = outstanding.add()
    const drained = outstanding.drained(10)
    const after = outstanding.add()
    assert.equal(await outstanding.drained(0), 2)
    outstanding.settle(before)
    assert.equal(await drained, 0)
    assert.equal(await outstanding.drained(0), 1)
    outstanding.settle(after)
    assert.equal(await outstanding.drained(0), 0)
  })
})
