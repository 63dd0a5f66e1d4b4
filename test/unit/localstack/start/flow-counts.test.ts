import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { addIncrease } from '../../../../localstack/start/watch.ts'

/** Counts of a processor that has applied each record. */
const counts = (applied: number, failed = 0, position = applied) => ({ applied, failed, position })

/** Counts the flow over readings of the counters. The first reading is that of the start. */
function follow(...readings: readonly (readonly [applied: number, failed: number])[]) {
  const [first, ...others] = readings.map(reading => counts(...reading))
  let [flow, last] = [counts(0), first ?? counts(0)]
  for (const now of others) {
    flow = addIncrease(flow, last, now)
    last = now
  }
  return flow
}

describe('what the live line counts', () => {
  it('given counters that were not empty at the start, then only their growth counts', () => {
    assert.deepEqual(follow([8_000, 3], [8_100, 3], [8_252, 5]), counts(252, 2, 8_252))
  })

  it('given a counter that was lost, then what is computed again does not count, and what is new does', () => {
    assert.deepEqual(follow([8_000, 0], [8_252, 0], [0, 0]), counts(252, 0, 8_252))
    assert.deepEqual(follow([8_000, 9], [8_252, 9], [0, 0], [40, 1]), counts(252, 1, 8_252))
    assert.deepEqual(follow([8_000, 0], [0, 0], [8_000, 0], [8_035, 0]), counts(35, 0, 8_035))
    assert.deepEqual(follow([8_000, 0], [0, 0], [8_030, 0]), counts(30, 0, 8_030))
  })
})
