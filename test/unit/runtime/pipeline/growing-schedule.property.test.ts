/** Growths, losses of Redis, restores, redrives and reprocessing come in any order. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { playGrowing } from '../../../support/growing-schedule.ts'
import { Random } from '../../../support/random.ts'

/** How many schedules are played; each takes a tenth of a second. For more: `SEEDS=2000 npm test -- --only unit growing-schedule`. */
const SEEDS = Number(process.env.SEEDS ?? 60)

/** Situations that the schedules must have met, for the promise to be about them. */
const MET = [
  ...['grown none', 'grown killed early', 'grown killed late', 'grown flushed', 'taken back'],
  ...['flushed', 'flushed while growing', 'reprocessed', 'redriven', 'redriven with a lost history'],
  ...['compared: without doubt', 'compared: replaced', 'compared: other-code'],
]

describe('rule 24: growths between everything else', () => {
  const met = new Set<string>()

  it(`rule 24: given ${SEEDS} random schedules, then each entity has all events once, where its key goes`, async () => {
    for (let seed = 0; seed < SEEDS; seed += 1) {
      const { found, came } = await playGrowing(new Random(seed))
      assert.deepEqual(found, [], `seed ${seed}`)
      for (const name of came.keys()) met.add(name)
    }
  })

  it('given these schedules, then everything that can come has come', () => {
    assert.deepEqual(
      MET.filter(name => !met.has(name)),
      [],
    )
  })
})
