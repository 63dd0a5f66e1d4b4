/** Random schedules of failures and retries: a process that parks keeps the order of each entity, and loses nothing. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SEEDS } from '#runtime/test/support/same-log'
import { Random } from '#runtime/testing'
import { type Play, playParking } from '../support/parking-schedule.ts'

const WIDE = { most: 1_000, bytes: 1_000_000, forMs: 100 * 24 * 3_600_000 }
const TIGHT = { most: 3, forMs: 200_000 }

/** Room for a few events of all entities together. */
const FULL = { ...WIDE, partitionBytes: 2_000 }

const PLAYS: Readonly<Record<string, Play>> = {
  'retries that succeed in the end': {
    parking: WIDE,
    fate: { ended: 0, lost: 0 },
    asIfNothingFailed: true,
  },
  'failures that end': { parking: WIDE, fate: { ended: 0.4, lost: 0 } },
  'failures that are lost, and tight bounds': {
    parking: TIGHT,
    fate: { ended: 0.2, lost: 0.2 },
  },
  'a partition that is full': { parking: FULL, fate: { ended: 0.2, lost: 0 } },
}

/** A schedule takes longer than one of `same-log.ts`. */
const SCHEDULES = Math.ceil(SEEDS / 5)

describe('given random failures and retries', () => {
  for (const [name, play] of Object.entries(PLAYS))
    it(`given ${name}, then each is applied once, in its entity's order`, async () => {
      const met = new Set<string>()
      for (let seed = 0; seed < SCHEDULES; seed += 1) {
        const keeps = seed % 2 === 0
        const { found, decisions, proven } = await playParking(new Random(seed), { ...play, keeps })
        if (proven > 0) met.add('a guess')
        assert.deepEqual(found, [], `seed ${seed}`)
        for (const { outcome, reason, hold } of decisions) met.add(`${outcome}/${reason}`).add(`hold ${hold}`)
      }
      const wanted = [
        'parked/entity-held',
        'parked-applied/listed',
        'parked-failed/unexpected-error',
        'hold retried',
      ]
      const bounds =
        play.parking === WIDE ? [] : ['hold full', ...(play.parking === TIGHT ? ['hold time'] : [])]
      const ends = play.fate.ended > 0 ? ['hold ended'] : []
      assert.deepEqual(
        [...wanted, ...bounds, ...ends, 'duplicate/id-known', 'timer/silent', 'timer/soon', 'a guess'].filter(
          text => !met.has(text),
        ),
        [],
      )
    })
})
