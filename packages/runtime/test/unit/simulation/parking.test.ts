/** Random failures and retries: a process that parks keeps the order of each entity, and loses nothing. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seeds } from '@sluice/test-kit/sampled'
import { type Play, playListing } from '../../support/simulated-listing.ts'

const WIDE = { most: 1_000, bytes: 1_000_000, forMs: 100 * 24 * 3_600_000 }
const TIGHT = { most: 3, forMs: 200_000 }
/** Room for a few events of all entities together. */
const FULL = { ...WIDE, partitionBytes: 2_000 }

const PLAYS: Readonly<Record<string, Play>> = {
  'retries that succeed in the end': { parking: WIDE, fate: { redriven: 1 }, asIfNothingFailed: true },
  'failures that end': { parking: WIDE, fate: { redriven: 0.6 } },
  'failures that are lost, and tight bounds': { parking: TIGHT, fate: { redriven: 0.6, lost: 0.2 } },
  'a partition that is full': { parking: FULL, fate: { redriven: 0.8 } },
}

const PLAYED = seeds(45)

const MET = [
  ...['parked/entity-held', 'parked-applied/listed', 'parked-failed/unexpected-error', 'hold begins'],
  ...['duplicate/id-known', 'timer/silent', 'timer/soon', 'guess proven'],
]

describe('given random failures and retries', () => {
  // Promise docs/consumers.md#order-behind-a-retry | Later events of an entity wait behind the retry of an earlier one, within bounds.
  for (const [name, play] of Object.entries(PLAYS))
    it(`given ${name}, then each is applied once, in its entity's order`, async () => {
      const met = new Set<string>()
      for (let seed = 0; seed < PLAYED; seed += 1) {
        const played = await playListing(seed, play)
        assert.deepEqual(played.found, [], `seed ${seed}`)
        for (const situation of played.met) met.add(situation)
      }
      const wanted = [
        ...MET,
        ...(play.parking === WIDE ? [] : ['hold full', ...(play.parking === TIGHT ? ['hold time'] : [])]),
        ...(play.fate.redriven < 1 && play.parking !== TIGHT ? ['hold ended'] : ['parked/entity-held']),
        ...(play.parking === TIGHT ? [] : ['hold retried', 'duplicate/attempt-known']),
      ]
      assert.deepEqual(
        wanted.filter(situation => !met.has(situation)),
        [],
      )
    })
})
