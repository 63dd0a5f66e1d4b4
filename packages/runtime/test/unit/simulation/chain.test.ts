/** Emissions of one consumer are counted once by the next, whatever either of them loses and however late it is read again. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seeds } from '@sluice/test-kit/sampled'
import { playChain } from '../../support/simulated-chain.ts'

const PLAYED = seeds(90)

const MET = [
  ...['timer/later', 'parked/entity-held', 'failed/unexpected-error', 'failed again after a loss'],
  ...['redrive of ', 'relaying lost', 'summing lost', 'takeover', 'two takeovers at one offset'],
  ...['late copy', 'duplicate/not-higher', 'not trimmed', 'guess proven', 'waits: reprocessing'],
]

describe('emissions with an origin', () => {
  const met = new Set<string>()

  // Promise docs/guarantees.md#An emission that our consumers read again counts once, however late
  it(`given ${PLAYED} schedules with losses, takeovers, redrives and late copies, then each emission counts once`, async () => {
    for (let seed = 0; seed < PLAYED; seed += 1) {
      const played = await playChain(seed)
      assert.deepEqual(played.found, [], `seed ${seed}`)
      for (const name of played.met) met.add(name)
    }
  })

  it('given these schedules, then they met every situation', () => {
    assert.deepEqual(
      MET.filter(name => !met.has(name)),
      [],
    )
  })
})
