/**
 * The same log gives the same states, timers and emissions, whatever happens to the invocations. A rule that is switched
 * off must be noticed: else this looks at too little.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SABOTAGES } from '../../support/sabotages.ts'
import { violations } from '../../support/same-log.ts'

/** More of them: `SEEDS=20000 npm test -- --only unit same-log`. */
const SEEDS = Number(process.env.SEEDS ?? 300)

it(`rule 21: given ${SEEDS} random schedules with every fault, then each ends as one undisturbed reading does`, async () => {
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const found = await violations(seed)
    assert.deepEqual(found, [], `seed ${seed}`)
  }
})

describe('rule 21: a rule that is switched off is noticed', () => {
  for (const [rule, sabotage] of Object.entries(SABOTAGES))
    it(rule, async () => {
      for (let seed = 0; seed < 1_500; seed += 1)
        if ((await violations(seed, () => ({ sabotage }))).length > 0) return
      assert.fail('1,500 schedules, and none of them shows it')
    })
})
