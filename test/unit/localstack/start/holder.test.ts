import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { describeHolder, type Holder, type Machine } from '../../../../localstack/start/holder.ts'

const NOW_MS = 10_000_000
const held = (over: Partial<Holder> = {}): Holder => ({
  ...{ function: 'intake', topic: 'presses', pending: 3_000, windowMs: 0, sinceMs: NOW_MS - 480_000 },
  ...over,
})
const HAS = '! intake has held 3000 records of presses for 8 min: '
const slow: Machine = { cores: 0.1, load: 9, available: 2 }

for (const [given, holders, machine, line] of [
  ['no pending records', [held({ pending: 0 })], slow, undefined],
  ['progress within a minute', [held({ sinceMs: NOW_MS - 59_000 })], slow, undefined],
  ['a batching window that lasts longer', [held({ windowMs: 500_000 })], slow, undefined],
  [
    'a failed attempt, and a consumer with less',
    [held({ function: 'alerting', pending: 7 }), held({ failed: { attempt: 4, reason: 'no room' } })],
    undefined,
    `${HAS}attempt 4 failed: no room.`,
  ],
  [
    'a long invocation after others on a machine that is too slow',
    [held({ failed: { attempt: 2, reason: 'late' }, runningSinceMs: NOW_MS - 420_000 })],
    slow,
    `${HAS}its invocation has run for 7 min, after 2 failed attempts. In the last minute, the functions had 0.1 of 2 cores, and 9 programs needed one: the machine is too slow.`,
  ],
  [
    'no attempt on a quiet machine',
    [held()],
    { cores: 0.06, load: 0.3, available: 2 },
    `${HAS}no attempt is reported. In the last minute, the functions had 0.1 of 2 cores.`,
  ],
] as const)
  describe('records without progress', () => {
    it(`given ${given}, then the line ${line ? 'names who has them, and why' : 'is absent'}`, () =>
      assert.equal(describeHolder(holders, machine, NOW_MS), line))
  })
