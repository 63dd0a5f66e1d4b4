/** A rule that is switched off must be noticed by the same schedules that hold it; a change that breaks none must not. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type CodeChange, importChanged } from '../support/changed-code.ts'
import { CHANGES, NO_SABOTAGE, RESPELLED, SABOTAGES } from '../support/sabotages.ts'
import { SEEDS, violations } from '../support/same-log.ts'

type Violations = typeof violations

/** Returns the violations of code in which a line is changed: also of the reference's. */
async function violationsOf(changes: readonly CodeChange[]): Promise<Violations> {
  const changed = await importChanged<{ violations: Violations }>('test/support/same-log.ts', changes)
  return changed.violations
}

/** Returns the first schedule with a violation, and that violation; undefined without any. */
async function first(find: (seed: number) => Promise<string[]>, seeds = SEEDS): Promise<string | undefined> {
  for (let seed = 0; seed < seeds; seed += 1) {
    const found = await find(seed)
    if (found.length > 0) return `seed ${seed}: ${found.join(', ')}`
  }
  return undefined
}

describe('rule 21: a rule that is switched off is noticed', () => {
  for (const [rule, sabotage] of Object.entries(SABOTAGES))
    it(rule, async () => {
      assert.ok(await first(seed => violations(seed, () => ({ sabotage }))), `in none of ${SEEDS} schedules`)
    })

  for (const [rule, change] of Object.entries(CHANGES))
    it(rule, async () => {
      const changed = await violationsOf([change])
      assert.ok(await first(changed), `in none of ${SEEDS} schedules`)
    })
})

describe('rule 21: what breaks no rule is not taken for a fault', () => {
  it('given ports that only hand on, then nothing is noticed', async () => {
    assert.equal(await first(seed => violations(seed, () => ({ sabotage: NO_SABOTAGE })), 15), undefined)
  })

  it('given ids that are spelled otherwise, and hold the same, then nothing is noticed', async () => {
    assert.equal(await first(await violationsOf(RESPELLED), 25), undefined)
  })
})

it('given a line of code that is not there, then nothing is changed in its name', async () => {
  const change = { file: 'packages/runtime/pipeline/deciding/cause.ts', from: 'no such line', to: '' }
  await assert.rejects(violationsOf([change]), /does not have this once: no such line/)
})
