/** Compares the newest values of entities with the limits of rules. Pure. */

import { matches } from '../../lib/alerting/evaluation.ts'
import {
  type AnyRule,
  conditionKind,
  fires,
  holds,
  type Rule,
  thresholdRules,
} from '../../lib/alerting/index.ts'
import type { Family, ReadingData } from '../../lib/telemetry/index.ts'
import type { AlertSummary } from '../tables/alert-summary.ts'
import type { MetricValue } from './column.ts'

/** Share of the way from the mean of a metric to a limit at which a value is near the limit. */
const NEAR = 0.9

/** Returns the rules that compare the values of an entity. @param data tags of its newest reading, on which rules can have conditions */
export function findValueRules(
  rules: readonly AnyRule[],
  [name, family]: readonly [name: string, family: Family | undefined],
  subject: string | undefined,
  data: ReadingData,
): Rule[] {
  return thresholdRules(rules).filter(
    ({ measure, paused, match, ...rule }) =>
      rule.family === name && !measure && !paused && (!match || matches(match, family, subject, data)),
  )
}

/** Newest value of a metric, and the mean of all; null for a metric that has none. */
interface NewestValue {
  readonly metric: string
  readonly last: number
  readonly mean: number | null
}

/**
 * Compares a value with the rules of its metric. The most severe one counts.
 *
 * @param alerts firing alerts of the entity
 */
export function compareWithLimits(
  rules: readonly Rule[],
  alerts: readonly Pick<AlertSummary, 'metric' | 'severity'>[],
  { metric, last: value, mean }: NewestValue,
): Pick<MetricValue, 'tone' | 'limit'> {
  const own = rules.filter(rule => rule.metric === metric && conditionKind(rule.condition).isValue(value))
  const fired = [
    ...own.filter(({ condition }) => fires(condition, value)),
    ...alerts.filter(alert => alert.metric === metric),
  ]
  if (fired.length > 0)
    return { tone: fired.some(({ severity }) => severity === 'critical') ? 'bad' : 'warn', limit: 'beyond' }
  const isNear = own.some(
    ({ condition }) => holds(condition, value) || isNearLimit(condition, value, mean ?? value),
  )
  return isNear ? { tone: 'warn', limit: 'near' } : { tone: 'plain', limit: null }
}

/** Returns whether a value has come most of the way from its mean to a limit. */
function isNearLimit(condition: Rule['condition'], value: number, mean: number): boolean {
  const { above = Infinity, below = -Infinity } = conditionKind(condition).chart?.(condition)?.fire ?? {}
  const isNear = (limit: number) => (value - mean) / (limit - mean) >= NEAR
  return (mean < above && isNear(above)) || (mean > below && isNear(below))
}
