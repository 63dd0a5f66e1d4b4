import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Rule } from '../../../../lib/alerting/rule.ts'
import { differenceOf } from '../../../../localstack/reload/rule-set.ts'
import { limits, ruleOf } from '../../alerting/support.ts'

describe('how two sets of rules differ', () => {
  const hot = ruleOf({ name: 'HOT', fireAbove: 40 })
  const cold = ruleOf({ name: 'COLD', fireBelow: 0 })
  const hotter = ruleOf({ name: 'HOT', fireAbove: 41 })
  const labelled = ruleOf({ name: 'HOT', fireAbove: 40, labels: { team: 'ops' } })

  for (const [before, after, expected] of [
    [[hot, cold], [cold, hot], undefined],
    [[hot, cold], [hotter, cold], '1 rule changed'],
    [[hot], [hot, cold], '1 rule added'],
    [[hot, cold], [], '2 rules removed'],
    [[hot, cold], [hotter, labelled], '1 rule added, 1 rule removed, 1 rule changed'],
    [[], [], undefined],
  ] as const) {
    const names = (rules: readonly Rule[]) =>
      rules
        .map(rule => `${rule.name} ${Object.values(limits(rule).fire).filter(Number.isFinite)}`)
        .join(', ') || 'none'
    it(`given ${names(before)}, then ${names(after)}: ${expected ?? 'not at all'}`, () =>
      assert.equal(differenceOf(before, after), expected))
  }
})
