/** An alert rule in one line for people. Pure. */
import { conditionKind, measureKind } from '../../../lib/alerting/condition.ts'
import { type AnyRule, isPatternRule, type Pattern } from '../../../lib/alerting/patterns/pattern.ts'
import type { Rule } from '../../../lib/alerting/rule.ts'
import { durationText } from '../../../lib/duration.ts'
import { FAMILIES } from '../../../lib/telemetry/families.ts'

/** `temperature above 40 °C for 5 min`, `3 events within 10 min, per site` */
export function conditionText(rule: AnyRule): string {
  if (isPatternRule(rule)) return patternText(rule.pattern)
  const lasts = rule.forMs > 0 ? ` for ${durationText(rule.forMs)}` : ''
  return `${comparedText(rule)}${lasts}`
}

function comparedText({ condition, family, metric, measure }: Rule): string {
  const kind = measure && measureKind(measure)
  const unit = kind?.unit?.symbol ?? FAMILIES[family].metrics[metric]
  const compared = measure && kind ? kind.words.text(measure, metric) : metric
  return `${compared} ${conditionKind(condition).words.text(condition, unit)}`
}

function patternText(pattern: Pattern): string {
  const per = pattern.per === 'entity' ? '' : `, per ${pattern.per}`
  if (pattern.kind === 'count')
    return `${pattern.count} events within ${durationText(pattern.withinMs)}${per}`
  const steps = `${pattern.steps.length} ${pattern.steps.length === 1 ? 'event' : 'events in order'}`
  const absent = pattern.absence ? `, then none for ${durationText(pattern.absence.withinMs)}` : ''
  return `${steps}${absent}${per}`
}
