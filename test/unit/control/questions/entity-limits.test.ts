import assert from 'node:assert/strict'
import { it } from 'node:test'
import { compareWithLimits, findValueRules } from '../../../../control/questions/entity-limits.ts'
import { FAMILIES } from '../../../support/families.ts'
import { createRule } from '../../alerting/support.ts'

const RULES = [
  createRule({ name: 'HOT', fireAbove: 40, clearBelow: 38, severity: 'critical' }),
  createRule({ name: 'COLD', fireBelow: 0, severity: 'warning' }),
  createRule({ name: 'HERE', fireAbove: 1, match: { site: 'berlin' } }),
]

const compare = (last: number, mean: number | null = 20, metric = 'temperature') => {
  const family = ['environment', FAMILIES.byName.environment] as const
  const { limit, tone } = compareWithLimits(findValueRules(RULES, family, 's-1', {}), [], {
    metric,
    last,
    mean,
  })
  return [limit, tone]
}

it('given a value beyond a limit, between its limits, or most of the way from its mean, then it is marked', () => {
  assert.deepEqual(
    [41, -1, 39, 2, 37.9].map(value => compare(value)),
    [
      ['beyond', 'bad'],
      ['beyond', 'warn'],
      ['near', 'warn'],
      ['near', 'warn'],
      [null, 'plain'],
    ],
  )
})

it('given a metric without rules or a mean, or with a mean beyond the limit, then other values are not marked', () => {
  assert.deepEqual(
    [compare(41, 20, 'humidity'), compare(30, null), compare(20, 50)],
    [
      [null, 'plain'],
      [null, 'plain'],
      [null, 'plain'],
    ],
  )
})
