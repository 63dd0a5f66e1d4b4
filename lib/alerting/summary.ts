/** Summaries of alerts: templates with `{{placeholders}}`, which are filled in once, when the alert fires. */
import { durationText } from '../support/duration.ts'
import { groupText } from '../support/group-text.ts'
import { formatQuantity, shortNumber } from '../support/short-number.ts'
import { conditionKind, measureKind, OWN_PLACEHOLDERS, rememberingKind, type Value } from './condition.ts'
import type { Words } from './kinds/kind.ts'
import type { Rule } from './rule.ts'

export const PLACEHOLDERS = [
  'value',
  'threshold',
  'metric',
  'entity',
  'source',
  'rule',
  'severity',
  'measured',
] as const
type Placeholder = (typeof PLACEHOLDERS)[number]

/** All placeholders, including those that only specific kinds of rules provide. */
export const EVERY_PLACEHOLDER: readonly string[] = [...PLACEHOLDERS, ...OWN_PLACEHOLDERS]

/** Prefix of the placeholder for a label, such as `{{labels.team}}`. */
const LABEL = 'labels.'
const PLACEHOLDER = /\{\{\s*([\w.]+)\s*\}\}/g

/** Condition and measure of a rule. A property is undefined if its keys have errors. */
interface Sides {
  readonly condition: Rule['condition'] | undefined
  readonly measure: Rule['measure'] | undefined
}

export function defaultSummary({ condition, measure }: Sides): string {
  const is = measure ? measureKind(measure).words.summary : 'is {{value}}'
  return `{{entity}}: {{metric}} ${is}${condition ? conditionKind(condition).words.summary(condition) : ''}`
}

/**
 * Returns an error message for an invalid template, or undefined for a valid one.
 *
 * @param labels labels of the rule; undefined if they have errors
 */
export function summaryError(
  template: string,
  labels: Rule['labels'] | undefined,
  { condition, measure }: Sides,
): string | undefined {
  const { placeholders = [] } = (condition && rememberingKind({ condition, measure })?.memory) ?? {}
  return templateError(template, labels, [...PLACEHOLDERS, ...placeholders])
}

/**
 * Returns an error message for an invalid template, or undefined for a valid one.
 *
 * @param known allowed placeholders, except the placeholders for labels
 */
export function templateError(
  template: string,
  labels: Rule['labels'] | undefined,
  known: readonly string[],
): string | undefined {
  const used = [...template.matchAll(PLACEHOLDER)].map(match => match[1] as string)
  const unknown = used.filter(name => !known.includes(name) && !name.startsWith(LABEL))
  if (unknown.length > 0)
    return `unknown placeholder ${formatPlaceholders(unknown)}; use ${formatPlaceholders(known)} or {{labels.NAME}}`
  const missing = used.filter(
    name => name.startsWith(LABEL) && labels && !Object.hasOwn(labels, name.slice(LABEL.length)),
  )
  if (missing.length > 0) return `the rule has no such label: ${formatPlaceholders(missing)}`
  const rest = template.replace(PLACEHOLDER, '')
  return /\{\{|\}\}/.test(rest)
    ? 'a placeholder is not closed: write {{value}}, with two braces on each side'
    : undefined
}

/** Comparison that made an alert fire. */
export interface Compared {
  /** Value that was compared with the threshold; absent if the alert fired because of a silence. */
  readonly value?: Value
  readonly threshold?: number
  /** Value of the reading; present only if a derived number was compared instead. */
  readonly measured?: number
  /** Values of the additional placeholders of the rule's kind. */
  readonly words?: Words
}

interface Entity {
  readonly source: string
  readonly subject?: string
}

/**
 * Returns the summary of an alert: a valid template with its placeholders filled in. Values and thresholds include their unit, such
 * as `41.2 °C`.
 */
export function renderSummary(rule: Rule, compared: Compared, entity: Entity): string {
  const { value, threshold, measured, words = {} } = compared
  const { condition, measure, unit } = rule
  const own = measured ?? value
  const limits = [threshold, words.expectedLow, words.expectedHigh]
  const comparedUnit = measure ? (measureKind(measure).unit?.symbol ?? unit) : unit
  const thresholdText = conditionKind(condition).words.threshold?.(condition) ?? ''
  const texts: Record<Placeholder, string> = {
    value:
      typeof value === 'number'
        ? formatQuantity(shortNumber(value, limits), comparedUnit)
        : String(value ?? ''),
    threshold: threshold === undefined ? thresholdText : formatQuantity(threshold, comparedUnit),
    metric: rule.metric,
    entity: entityText(rule, entity),
    source: entity.source,
    rule: rule.name,
    severity: rule.severity,
    measured: typeof own === 'number' ? formatQuantity(shortNumber(own, limits), unit) : (own ?? ''),
  }
  const ofKind = Object.entries(words).map(([name, word]) => {
    return [name, typeof word === 'string' ? word : formatQuantity(word, name === 'score' ? undefined : unit)]
  })
  return fillSummary(rule.summary, { ...texts, ...Object.fromEntries(ofKind) }, rule.labels)
}

/**
 * Replaces the placeholders of a template.
 *
 * @param texts replacement texts by placeholder
 */
export function fillSummary(
  template: string,
  texts: Readonly<Record<string, string>>,
  labels: Rule['labels'],
): string {
  return template.replace(
    PLACEHOLDER,
    (_, name: string) => texts[name] ?? labels[name.slice(LABEL.length)] ?? '',
  )
}

/** Returns the summary of an alert that fired because of a silence. */
export function silenceSummary(rule: Rule, entity: Entity): string {
  return `${entityText(rule, entity)}: no ${rule.metric} for ${durationText(rule.staleAfterMs)}`
}

function entityText({ table }: Rule, { source, subject }: Entity): string {
  return table === undefined || subject === undefined ? (subject ?? source) : groupText(subject)
}

function formatPlaceholders(names: readonly string[]): string {
  return names.map(name => `{{${name}}}`).join(', ')
}
