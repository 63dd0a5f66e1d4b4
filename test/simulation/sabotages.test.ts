/** The simulation sees: each rule that is broken on purpose is found by a seed. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { playSeed } from './play.ts'
import { SABOTAGES } from './sabotages.ts'

/** A seed that finds each broken rule, and its violation: `npm run simulate -- --sabotage NAME` searches it. */
const FOUND: Readonly<Record<keyof typeof SABOTAGES, readonly [seed: number, violation: RegExp]>> = {}

describe('a rule that is broken on purpose', () => {
  for (const [name, sabotage] of Object.entries(SABOTAGES)) {
    const [seed, violation] = FOUND[name as keyof typeof SABOTAGES]
    it(`given ${name}, then the simulation finds it`, async () => {
      const { violations } = await playSeed({ seed, sabotage })
      assert.ok(
        violations.some(found => violation.test(found)),
        `${violations.join('\n')}\nnpm run simulate -- --sabotage ${name}`,
      )
    })
  }
})
