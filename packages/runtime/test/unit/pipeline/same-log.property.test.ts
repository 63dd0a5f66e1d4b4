/** The same log gives the same states, timers and emissions, whatever happens to the invocations. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seeds } from '../../../../local-servers/testing/sampled.ts'
import type { RememberedFailure } from '../../../pipeline/model/failure-memory.ts'
import { splitState } from '../../../pipeline/model/stored-state.ts'
import { SEEDS, violations } from '../../support/same-log.ts'
import type { Stage } from '../../support/stage.ts'

const PLAYED = seeds(SEEDS)

/** Situations that the schedules must have met, for the promise to be about them. */
const MET = [
  ...['counted', 'late'].map(reason => `applied/${reason}`),
  ...['id-known', 'attempt-known'].map(reason => `duplicate/${reason}`),
  ...['tick', 'erasure', 'redriven-for-another'].map(reason => `ignored/${reason}`),
  ...['rejected', 'unexpected-error', 'id-conflict', 'emission-too-large', 'too-many-new-entities'].map(
    code => `failed/${code}`,
  ),
  ...['unknown-failure', 'not-a-cloudevent'].map(code => `failed/${code}`),
  ...['silent', 'forgotten', 'pulsed', 'pulse-end', 'echo'].map(reason => `timer/${reason}`),
  ...['contended', 'breaker-open', 'out-of-time', 'store-unavailable'].map(reason => `waits: ${reason}`),
  ...['a second attempt', 'a redrive that succeeds', 'new code', 'a range that expired', 'a range read back'],
]

const PROVEN = 'a guess that is proven'
const REFUSED = 'a guess that is refused'

/** A refused guess takes none of the three attempts, so a short run may not meet the end of all of them. */
const RARE_WHERE_KEPT = 'waits: contended'

/** Situations that the schedules must have met where instances keep states. */
const MET_WHERE_KEPT = [...MET.filter(name => name !== RARE_WHERE_KEPT), PROVEN, REFUSED]

for (const keeps of [true, false])
  describe(`rule 21: the same log gives the same, ${keeps ? 'where states are kept' : 'where all is loaded'}`, () => {
    const met = new Set<string>()

    it(`rule 21: given ${PLAYED} random schedules with every fault, then each ends as an undisturbed reading`, async () => {
      for (let seed = 0; seed < PLAYED; seed += 1) {
        let played: Stage | undefined
        const found = await violations(seed, stage => {
          played = stage
          noteGuesses(stage, met)
          return { keeps }
        })
        assert.deepEqual(found, [], `seed ${seed}`)
        for (const name of metBy(played as Stage)) met.add(name)
      }
    })

    it('given these schedules, then everything that can happen to a record has happened in some', () => {
      const wanted = keeps ? MET_WHERE_KEPT : MET
      assert.deepEqual(
        wanted.filter(name => !met.has(name)),
        [],
      )
      assert.equal(met.has(PROVEN), keeps)
    })
  })

function noteGuesses({ store }: Stage, met: Set<string>): void {
  const commit = store.commit.bind(store)
  store.commit = async (stateKey, change) => {
    const answer = await commit(stateKey, change)
    if (change.guess) met.add(answer === 'refused' ? REFUSED : PROVEN)
    return answer
  }
}

function metBy(stage: Stage): string[] {
  const { outcomes, observer } = stage
  const { failures, states } = stage.store.copyState(stage.stateKey()) as {
    readonly failures: ReadonlyMap<string, RememberedFailure>
    readonly states: ReadonlyMap<string, string>
  }
  const kept = [...failures.values()]
  const appliedOffsets: readonly (readonly [string, boolean])[] = [
    ['a second attempt', kept.some(({ attempt, isOpen }) => isOpen && attempt > 1)],
    ['a redrive that succeeds', kept.some(({ isOpen }) => !isOpen)],
    ['new code', [...states.values()].some(stored => JSON.parse(splitState(stored).json).version === 2)],
    ['a range that expired', observer.list('expired').length > 0],
    ['a range read back', observer.list('range-read-back').length > 0],
  ]
  return [
    ...outcomes,
    ...observer.waits.map(({ reason }) => `waits: ${reason}`),
    ...appliedOffsets.flatMap(([name, isMet]) => (isMet ? [name] : [])),
  ]
}
