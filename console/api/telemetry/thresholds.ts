/** The rules that watch an entity, with the limits that a chart can show. Pure. */
import { matches } from '../../../lib/alerting/match.ts'
import { type AnyRule, thresholdRules } from '../../../lib/alerting/patterns/pattern.ts'
import { identityOf, type Rule } from '../../../lib/alerting/rule.ts'
import type { FamilyName, ReadingData } from '../../../lib/telemetry/families.ts'

export interface WatchingRule {
  /** Its name and labels. */
  readonly rule: string
  readonly name: string
  readonly metric: string
  readonly severity: string
  /** What is compared with the limits: the value itself, its change or deviation, or a state. */
  readonly compares: 'value' | 'change' | 'deviation' | 'state'
  /** Null where it has no such limit. */
  readonly fireAbove: number | null
  readonly fireBelow: number | null
  readonly clearBelow: number | null
  readonly clearAbove: number | null
  readonly states: readonly string[]
  /** How long it must hold, in milliseconds. */
  readonly forMs: number
  readonly isPaused: boolean
}

/**
 * @param newest data of the newest reading, which says of which site, type or tags the entity is; without it, rules that ask for
 * these are left out
 */
export function watchingRules(
  rules: readonly AnyRule[],
  { family, subject, newest }: { family: FamilyName; subject?: string; newest?: ReadingData | undefined },
): WatchingRule[] {
  const watches = (rule: Rule) =>
    rule.family === family && (!rule.match || matches(rule.match, family, subject, newest ?? {}))
  return thresholdRules(rules).filter(watches).map(watchingRule)
}

function watchingRule(rule: Rule): WatchingRule {
  const { name, metric, severity, condition, measure, forMs, paused } = rule
  const limits = condition.kind === 'limits' ? condition : undefined
  return {
    rule: identityOf(rule),
    name,
    metric,
    severity,
    compares: condition.kind === 'states' ? 'state' : (measure?.of ?? 'value'),
    fireAbove: finite(limits?.fire.above),
    fireBelow: finite(limits?.fire.below),
    // A value that is no longer above this one clears the alert.
    clearBelow: finite(limits?.clear.above),
    clearAbove: finite(limits?.clear.below),
    states: condition.kind === 'states' ? condition.states : [],
    forMs,
    isPaused: paused,
  }
}

function finite(limit: number | undefined): number | null {
  return limit !== undefined && Number.isFinite(limit) ? limit : null
}
