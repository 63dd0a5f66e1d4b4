/** Operations on partition states, over several runs of their commands. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type ResumableRun, ResumableRuns } from '../../../../control/table-builds/resumable-runs.ts'

interface Applying extends ResumableRun {
  readonly phase: string
}

const BEGUN: Applying = { operation: 'first', attempt: 0, phase: 'begun' }

function given(nowMs = 1_000) {
  let stored: string | undefined
  const read = () => (stored === undefined ? undefined : JSON.parse(stored))
  const value = {
    read: async () => read(),
    update: async (change: (value: never) => object) => {
      const next = change(read() as never)
      stored = JSON.stringify(next)
      return next as never
    },
  }
  const clock = { nowMs }
  const operations = new ResumableRuns<Applying>(value, () => clock.nowMs)
  return { operations, clock }
}

describe('an operation on partition states', () => {
  it('given a run, when a later one takes over, then the first may no longer note anything', async () => {
    const { operations } = given()
    const first = await operations.take(BEGUN)
    assert.deepEqual(first, { ...BEGUN, attempt: 1_000 })
    assert.ok(first && (await operations.note(first, own => own)))
    assert.equal(await operations.note(first, own => ({ ...own, phase: 'half' })), true)
    const second = await operations.take({ ...BEGUN, operation: 'another' })
    assert.deepEqual(second, { operation: 'first', attempt: 1_001, phase: 'half' })
    assert.equal(await operations.note(first, own => ({ ...own, phase: 'lost' })), false)
    assert.equal(await operations.note(first, own => own), false)
    assert.deepEqual(await operations.read(), { underway: second })
  })

  it('given its end, then nothing is under way, and later runs have higher numbers', async () => {
    const { operations, clock } = given()
    const first = await operations.take(BEGUN)
    assert.ok(first)
    await operations.end({ operation: 'another' })
    assert.ok(await operations.note(first, own => own))
    await operations.end(first)
    assert.deepEqual(await operations.read(), {})
    assert.equal(await operations.note(first, own => own), false)
    clock.nowMs = 10
    assert.equal((await operations.take(BEGUN))?.attempt, 1_001)
  })
})
