/** Rule 21 for a process that parks: whatever happens to the invocations, the same log parks and releases the same. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SEEDS, violations } from '../support/same-log.ts'
import type { Stage } from '../support/stage.ts'

/** Bounds of a full partition; a single entity only reaches that of time. */
const FULL_PARTITION = { most: 50, partitionBytes: 2_500, forMs: 1_000_000 }

/** Tight enough that every bound is reached in some schedule. */
const BOUNDS = [
  { most: 2, forMs: 100_000 },
  { most: 5, bytes: 1_500, forMs: 300_000 },
  { most: 50, forMs: 1_000_000 },
  FULL_PARTITION,
]

const FULL = 'timer/parking-full'

const MET = [
  ...['parked/entity-held', FULL, 'timer/parking-time', 'applied/failure-ended'],
  ...['parked-applied/counted', 'parked-applied/late', 'parked-failed/rejected'],
  ...['parked-failed/unexpected-error', 'parked-erased/erased', 'duplicate/id-known'],
  ...['hold begins', 'hold stays', 'hold retried', 'hold ended', 'hold full', 'hold time'],
  'hold erased',
]

describe('rule 21: the same log parks the same', () => {
  const met = new Set<string>()
  let isPartitionFull = false

  for (const [index, bounds] of BOUNDS.entries())
    it(`given ${JSON.stringify(bounds)}, then each schedule ends as if undisturbed`, async () => {
      for (let seed = index; seed < SEEDS; seed += BOUNDS.length) {
        let played: Stage | undefined
        const keep = (stage: Stage) => {
          played = stage
          return {}
        }
        assert.deepEqual(await violations(seed, keep, bounds), [], `seed ${seed}`)
        const { outcomes, observer } = played as Stage
        for (const name of outcomes) met.add(name)
        if (bounds === FULL_PARTITION && outcomes.includes(FULL)) isPartitionFull = true
        for (const { hold } of observer.decisions) met.add(`hold ${hold}`)
      }
    })

  it('given these schedules, then everything that can happen to a held entity has happened in some', () => {
    assert.deepEqual(
      MET.filter(name => !met.has(name)),
      [],
    )
    assert.ok(isPartitionFull)
  })
})
