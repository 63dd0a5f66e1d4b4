import assert from 'node:assert/strict'
import { it } from 'node:test'
import { advance } from '../../../lib/pipeline/clock.ts'

const MINUTE = 60_000
const START = { nowMs: 0, lastAppendMs: undefined, highestAppendMs: undefined }

const table: [name: string, appends: number[], nowMs: number][] = [
  ['the first record, then the clock begins', [500 * MINUTE], 0],
  ['records one after another, then it goes with them', [0, MINUTE, 2 * MINUTE], 2 * MINUTE],
  ['a long pause, then it counts for two tick intervals', [0, 60 * MINUTE], 2 * MINUTE],
  ['a record appended earlier than the one before, then it stands still', [MINUTE, 0], 0],
  [
    'a broker whose clock jumps and comes back, then it goes on at once',
    [0, 600 * MINUTE, MINUTE, 2 * MINUTE],
    3 * MINUTE,
  ],
]
for (const [name, appends, nowMs] of table)
  it(`given ${name}`, () => {
    const clock = appends.reduce(advance, START as Parameters<typeof advance>[0])
    assert.equal(clock.nowMs, nowMs)
    assert.equal(clock.highestAppendMs, Math.max(...appends))
  })
