/** Summaries of alerts: text with `{{placeholders}}` that are filled in once, when the alert fires. */
import { FAMILIES } from '../telemetry/families.ts'
import type { Rule } from './rule.ts'

export const PLACEHOLDERS = ['value', 'threshold', 'metric', 'entity', 'source'] as const
type Placeholder = (typeof PLACEHOLDERS)[number]

export const DEFAULT_SUMMARY: Readonly<Record<Rule['beyond'], string>> = {
  above: '{{entity}}: {{metric}} is {{value}}, above {{threshold}}',
  below: '{{entity}}: {{metric}} is {{value}}, below {{threshold}}',
}

const PLACEHOLDER = /\{\{\s*(\w+)\s*\}\}/g

/** Why a template cannot be used; undefined if it can. */
export function summaryError(template: string): string | undefined {
  const used = [...template.matchAll(PLACEHOLDER)].map(match => match[1] as string)
  const unknown = used.filter(name => !isPlaceholder(name))
  if (unknown.length > 0) return `unknown placeholder ${braced(unknown)}; use ${braced(PLACEHOLDERS)}`
  const rest = template.replace(PLACEHOLDER, '')
  return /\{\{|\}\}/.test(rest)
    ? 'a placeholder is not closed: write {{value}}, with two braces on each side'
    : undefined
}

/** Fills in a checked template. Values and thresholds have their unit: `41.2 °C`. */
export function renderSummary(
  rule: Rule,
  value: number,
  entity: { readonly source: string; readonly subject?: string },
): string {
  const unit = FAMILIES[rule.family].metrics[rule.metric]
  const texts: Record<Placeholder, string> = {
    value: quantity(value, unit),
    threshold: quantity(rule.fireThreshold, unit),
    metric: rule.metric,
    entity: entity.subject ?? entity.source,
    source: entity.source,
  }
  return rule.summary.replace(PLACEHOLDER, (_, name: Placeholder) => texts[name])
}

/** Rounds to six digits for people; the alert's data has the exact number. Counts, whose unit is `1`, show no unit. */
function quantity(value: number, unit: string | undefined): string {
  const digits = String(Number(value.toPrecision(6)))
  return unit === undefined || unit === '1' ? digits : `${digits} ${unit}`
}

function isPlaceholder(name: string): name is Placeholder {
  return (PLACEHOLDERS as readonly string[]).includes(name)
}

function braced(names: readonly string[]): string {
  return names.map(name => `{{${name}}}`).join(', ')
}
