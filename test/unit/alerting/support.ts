import assert from 'node:assert/strict'
import type { Condition } from '../../../lib/alerting/condition.ts'
import { parseRules } from '../../../lib/alerting/parse-rules.ts'
import type { Rule } from '../../../lib/alerting/rule.ts'
import type { RuleState } from '../../../lib/alerting/rule-state.ts'
import { type Life, type Observation, type Transition, transition } from '../../../lib/alerting/transition.ts'
import { parseDuration } from '../../../lib/support/duration.ts'
import { FAMILIES } from '../../support/families.ts'

/** A rule as a user would write it, on a temperature unless the keys say otherwise. */
export function createRule(keys: Readonly<Record<string, unknown>>): Rule {
  const row = { name: 'HOT', family: 'environment', metric: 'temperature', severity: 'warning', ...keys }
  const { rules, errors } = parseRules(FAMILIES, { rules: [row] })
  assert.deepEqual(errors, [])
  return rules[0] as Rule
}

/** The condition of `fireAbove`. */
export function above(fireAbove: number, clearBelow = fireAbove): Rule['condition'] {
  return createRule({ fireAbove, clearBelow }).condition
}

/** The limits of a rule that has some. */
export function limits({ condition }: Rule): Condition & { readonly kind: 'limits' } {
  assert.ok(condition.kind === 'limits')
  return condition
}

/** Milliseconds of `1m30s`. */
export function ms(duration: string): number {
  return parseDuration(duration) as number
}

/** Each observation's transition. */
export function run(rule: Life, series: readonly Observation[], previous?: RuleState): Transition[] {
  let state = previous
  return series.map(observation => {
    const made = transition(rule, state, observation)
    state = made.state
    return made
  })
}

/** Returns the value as it is read from the store. */
export function stored<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value
}
