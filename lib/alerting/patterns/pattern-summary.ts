/** Summaries of alerts of patterns: templates with placeholders, which are filled in when the alert fires. */
import { durationText } from '../../support/duration.ts'
import { fillSummary } from '../summary.ts'
import type { PatternRule } from './pattern.ts'

export const PATTERN_PLACEHOLDERS = ['group', 'source', 'count', 'within', 'rule', 'severity'] as const
type Placeholder = (typeof PATTERN_PLACEHOLDERS)[number]

/** Returns the summary of an alert: a valid template with its placeholders filled in. */
export function renderPatternSummary(
  { name, severity, labels, pattern, summary }: PatternRule,
  { source, subject }: { readonly source: string; readonly subject?: string },
): string {
  const [count, withinMs] =
    pattern.kind === 'count'
      ? [pattern.count, pattern.withinMs]
      : [pattern.steps.length, pattern.steps.reduce((sum, step) => sum + step.withinMs, 0)]
  const texts: Record<Placeholder, string> = {
    group: subject ?? source,
    source,
    count: String(count),
    within: durationText(withinMs),
    rule: name,
    severity,
  }
  return fillSummary(summary, texts, labels)
}
