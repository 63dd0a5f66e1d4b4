import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Repeats } from '../../../../packages/runtime/adapters/lambda/repeats.ts'

it('given something that repeats, then it is said at first, and then once a minute with a count', () => {
  let nowMs = 0
  const repeats = new Repeats(60_000, () => nowMs)
  const said = []
  for (nowMs = 0; nowMs <= 120_000; nowMs += 20_000) said.push(repeats.due('kind'))
  assert.deepEqual(said, [0, undefined, undefined, 2, undefined, undefined, 2])
  assert.equal(repeats.due('another kind'), 0)
})
