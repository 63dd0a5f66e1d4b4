/** The simulation sees: each rule that is broken on purpose is found by a seed. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { playSeed } from './play.ts'
import { SABOTAGES } from './sabotages.ts'

/** A seed that finds each broken rule, and its violation: `npm run simulate -- --sabotage NAME` searches it. */
const FOUND: Readonly<Record<keyof typeof SABOTAGES, readonly [seed: number, violation: RegExp]>> = {
  'applied-offset': [1, /^lost: processor/],
  ids: [0, /^other state: processor/],
  outbox: [1, /^stands still: activity: .* not published$/],
  trim: [0, /^stands still: alerting: .* not published$/],
  gap: [7, /^lost: processor/],
  timers: [0, /^lost: processor/],
  segments: [4, /^wrong segments/],
  'history-lost': [0, /^wrong segments/],
  'history-doubled': [0, /^wrong segments/],
  'history-changed': [1, /^wrong segments/],
  cursor: [1, /^lost: .* did not return/],
  'retry-early': [0, /^too early/],
  'intake-lost': [1, /^lost: the record .* became 0 readings$/],
  'intake-doubled': [1, /^twice: the record .* became 2 readings$/],
  'redrive-lost': [0, /^lost: .* did not return/],
  'redrive-order': [12, /^out of order: .* returned/],
  attempts: [0, /^other state: alerting .* failures/],
  'storage-lost': [0, /^other state: the table/],
  'notification-lost': [0, /^lost: .* did not get/],
}

describe('a rule that is broken on purpose', () => {
  for (const [name, sabotage] of Object.entries(SABOTAGES)) {
    const [seed, violation] = FOUND[name as keyof typeof SABOTAGES]
    // Promise docs/guarantees.md#the-proof-a-ledger
    it(`given ${name}, then the simulation finds it`, async () => {
      const { violations } = await playSeed({ seed, sabotage })
      assert.ok(
        violations.some(found => violation.test(found)),
        `${violations.join('\n')}\nnpm run simulate -- --sabotage ${name}`,
      )
    })
  }
})
