/** Summaries of alerts of patterns: templates with placeholders, which are filled in when the alert fires. */
import { durationText } from '../../duration.ts'
import { FAMILIES } from '../../telemetry/families.ts'
import { conditionKind } from '../condition.ts'
import type { Rule } from '../rule.ts'
import { fillIn, templateError } from '../summary.ts'
import type { Matcher, Pattern, PatternRule } from './pattern.ts'

export const PATTERN_PLACEHOLDERS = [
  'group',
  'entity',
  'source',
  'count',
  'within',
  'rule',
  'severity',
] as const
type Placeholder = (typeof PATTERN_PLACEHOLDERS)[number]

/**
 * Returns an error message for an invalid template, or undefined for a valid one.
 *
 * @param pattern pattern of the rule; undefined if it has errors
 */
export function patternSummaryError(
  template: string,
  labels: Rule['labels'],
  pattern: Pattern | undefined,
): string | undefined {
  const hasCount = pattern === undefined || pattern.kind === 'count'
  const known = PATTERN_PLACEHOLDERS.filter(name => hasCount || name !== 'count')
  return templateError(template, labels, known)
}

/** Returns the template that is used if a rule has no summary. */
export function defaultPatternSummary(pattern: Pattern): string {
  if (pattern.kind === 'count') return `{{group}}: {{count}} times ${textOf(pattern.event)} within {{within}}`
  const steps = pattern.steps.map(({ event }) => textOf(event))
  const absence = pattern.absence ? [`no ${textOf(pattern.absence.event)} within {{within}}`] : []
  return `{{group}}: ${[...steps, ...absence].join(', then ')}`
}

/** Returns the summary of an alert: a valid template with its placeholders filled in. */
export function renderPatternSummary(
  { name, severity, labels, pattern, summary }: PatternRule,
  { source, subject }: { readonly source: string; readonly subject?: string },
): string {
  const texts: Record<Placeholder, string> = {
    group: subject ?? source,
    entity: subject ?? source,
    source,
    count: pattern.kind === 'count' ? String(pattern.count) : '',
    within: durationText(withinOf(pattern)),
    rule: name,
    severity,
  }
  return fillIn(summary, texts, labels)
}

/** Returns the duration of a counting pattern, or the time limit of the last step of a sequence. */
function withinOf(pattern: Pattern): number {
  if (pattern.kind === 'count') return pattern.withinMs
  return pattern.absence?.withinMs ?? pattern.steps.at(-1)?.withinMs ?? 0
}

function textOf(matcher: Matcher): string {
  if (matcher.of === 'event') {
    const where = matcher.where.map(([field, texts]) => `${field} ${texts.join(' or ')}`)
    return [matcher.event, ...where].join(' ')
  }
  const { family, metric, condition } = matcher
  if (metric === undefined) return `reading of ${family}`
  if (!condition) return metric
  const text = conditionKind(condition).words.inPatterns?.(condition, FAMILIES[family].metrics[metric])
  return `${metric} ${text}`
}
