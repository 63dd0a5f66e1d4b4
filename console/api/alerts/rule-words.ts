/** An alert rule in one line for people. Pure. */
import { type AnyRule, isPatternRule, type Pattern } from '../../../lib/alerting/patterns/pattern.ts'
import type { Rule } from '../../../lib/alerting/rule.ts'
import { durationText } from '../../../lib/duration.ts'
import { FAMILIES } from '../../../lib/telemetry/families.ts'

/** `temperature above 40 °C for 5 min`, `3 events within 10 min, per site` */
export function conditionText(rule: AnyRule): string {
  if (isPatternRule(rule)) return patternText(rule.pattern)
  const lasts = rule.forMs > 0 ? ` for ${durationText(rule.forMs)}` : ''
  return `${measuredText(rule)} ${beyondText(rule)}${lasts}`
}

function measuredText({ metric, measure }: Rule): string {
  return measure ? `${measure.of} of ${metric} over ${durationText(measure.overMs)}` : metric
}

function beyondText({ condition, family, metric, measure }: Rule): string {
  if (condition.kind === 'states') return `is ${condition.states.join(' or ')}`
  const { above, below } = condition.fire
  const own = measure?.of === 'deviation' ? 'σ' : FAMILIES[family].metrics[metric]
  const unit = own === undefined || own === '1' ? '' : ` ${own}`
  if (above === Number.POSITIVE_INFINITY) return `below ${below}${unit}`
  if (below === Number.NEGATIVE_INFINITY) return `above ${above}${unit}`
  return `outside ${below} to ${above}${unit}`
}

function patternText(pattern: Pattern): string {
  const per = pattern.per === 'entity' ? '' : `, per ${pattern.per}`
  if (pattern.kind === 'count')
    return `${pattern.count} events within ${durationText(pattern.withinMs)}${per}`
  const steps = `${pattern.steps.length} ${pattern.steps.length === 1 ? 'event' : 'events in order'}`
  const absent = pattern.absence ? `, then none for ${durationText(pattern.absence.withinMs)}` : ''
  return `${steps}${absent}${per}`
}
