import assert from 'node:assert/strict'
import { it } from 'node:test'
import { outOfBounds } from '../../../lib/queries/out-of-bounds.ts'

const BOUNDS = [
  { start: 0, end: 3 },
  { start: 5, end: 9 },
]

for (const [partition, offset, said] of [
  [1, 5, undefined],
  [1, 8, undefined],
  [1, 4, /offset 4 has expired: t\/1 begins at offset 5/],
  [1, 9, /no offset 9 yet: t\/1 ends before offset 9/],
  [999, 0, /t has no partition 999; the last is 1/],
] as const)
  it(`given offset ${offset} of partition ${partition}, then it is said whether the topic can have it`, () => {
    const outside = outOfBounds({ topic: 't', partition, offset }, BOUNDS)
    if (said === undefined) assert.equal(outside, undefined)
    else assert.match(outside ?? '', said)
  })
