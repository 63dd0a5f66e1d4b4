import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type ConsumerCondition,
  type ConsumerFacts,
  conditionOf,
} from '../../../lib/diagnosis/stalls/condition.ts'

const UP_TO_DATE: ConsumerFacts = { pending: 0, earlierPending: 0, overdue: 0, idleMs: 0, quietMs: 30_000 }
const BEHIND = { pending: 100, earlierPending: 100, overdue: 80 }
const MOVING: ConsumerCondition = { is: 'moving' }
const busy = (lag: number, direction: 'growing' | 'shrinking' | 'steady'): ConsumerCondition => {
  return { is: 'busy', lag, direction }
}
const within = { forMs: 25_000, limitMs: 120_000 }

const table: [name: string, facts: Partial<ConsumerFacts>, expected: ConsumerCondition][] = [
  ['nothing pending', {}, MOVING],
  ['nothing pending any more', { earlierPending: 900 }, MOVING],
  ['nothing pending for long', { idleMs: 900_000 }, MOVING],
  ['only records that came a moment ago', { pending: 40 }, MOVING],
  ['only such records, and no progress yet', { pending: 40, idleMs: 29_999 }, MOVING],
  ['records that wait, as many as before', BEHIND, busy(100, 'steady')],
  ['records that wait, 5 % more than before', { ...BEHIND, pending: 105 }, busy(105, 'steady')],
  ['records that wait, more than before', { ...BEHIND, pending: 106 }, busy(106, 'growing')],
  ['records that wait, fewer than before', { ...BEHIND, pending: 94 }, busy(94, 'shrinking')],
  ['records that wait, but not for long enough', { ...BEHIND, idleMs: 29_999 }, busy(100, 'steady')],
  [
    'no progress for longer than is normal',
    { ...BEHIND, idleMs: 30_000 },
    { is: 'stalled', because: 'no-progress', forMs: 30_000 },
  ],
  ['an invocation that runs', { ...BEHIND, idleMs: 99_000, invocation: within }, busy(100, 'steady')],
  ['an invocation of new records', { pending: 3, invocation: within }, busy(3, 'growing')],
  [
    'an invocation that nothing has ended',
    { ...BEHIND, invocation: { forMs: 120_001, limitMs: 120_000 } },
    { is: 'stalled', because: 'not-ended', forMs: 120_001 },
  ],
  [
    'an old invocation of a function without a known timeout',
    { ...BEHIND, invocation: { forMs: 900_000, limitMs: Number.POSITIVE_INFINITY } },
    busy(100, 'steady'),
  ],
]

describe('the condition of a consumer', () => {
  for (const [name, facts, expected] of table)
    it(`given ${name}, then it is ${expected.is}`, () => {
      assert.deepEqual(conditionOf({ ...UP_TO_DATE, ...facts }), expected)
    })
})
