/** The rules that watch an entity, with the limits that a chart can show. Pure. */
import { conditionKind, measureKind, rememberingKind } from '../../../lib/alerting/condition.ts'
import { matches } from '../../../lib/alerting/match.ts'
import { type AnyRule, thresholdRules } from '../../../lib/alerting/patterns/pattern.ts'
import { identityOf, type Rule } from '../../../lib/alerting/rule.ts'
import { FAMILIES, type FamilyName, type ReadingData } from '../../../lib/telemetry/families.ts'

export interface WatchingRule {
  /** Its name and labels. */
  readonly rule: string
  readonly name: string
  readonly metric: string
  readonly severity: string
  /** What is compared: `value`, `state`, or the kind that replaces the value by a number of its own, such as `change`. */
  readonly compares: string
  /** When it is bad, in words. */
  readonly text: string
  /** Unit of the limits; `1` where they have none. */
  readonly unit: string
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
  const kind = conditionKind(condition)
  const { fire, clear, states } = kind.chart?.(condition) ?? {}
  const measureUnit = measure && measureKind(measure).unit
  const unit = FAMILIES[rule.family].metrics[metric] ?? '1'
  return {
    rule: identityOf(rule),
    name,
    metric,
    severity,
    compares: states ? 'state' : (rememberingKind(rule)?.name ?? 'value'),
    text: kind.words.text(condition, unit),
    // A number of standard deviations, for example, has no unit.
    unit: measureUnit ? '1' : unit,
    fireAbove: finite(fire?.above),
    fireBelow: finite(fire?.below),
    // A value that is no longer above this one clears the alert.
    clearBelow: finite(clear?.above),
    clearAbove: finite(clear?.below),
    states: states ?? [],
    forMs,
    isPaused: paused,
  }
}

function finite(limit: number | undefined): number | null {
  return limit !== undefined && Number.isFinite(limit) ? limit : null
}
