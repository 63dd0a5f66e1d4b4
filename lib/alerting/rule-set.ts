/** Rule set in the form in which an event activates it. Reading a rule set is as strict as reading rule files. */
import { hash } from 'node:crypto'
import { showPath } from '../support/file-errors.ts'
import type { Families } from '../telemetry/families.ts'
import { READINGS_TOPIC } from '../telemetry/readings-topic.ts'
import { measureKind } from './condition.ts'
import { parseRules } from './parse-rules.ts'
import { type AnyRule, isPatternRule } from './patterns/pattern.ts'
import { patternRow } from './patterns/read-pattern.ts'
import { conditionRow } from './read-condition.ts'
import { matchRow } from './read-match.ts'
import { getRuleIdentity, type Rule } from './rule.ts'
import { formatSeconds } from './rule-row.ts'
import type { RuleSet } from './rules-activated.ts'

type RuleRow = RuleSet['rules'][number]

/** Number of bytes of a message that are reserved for the attributes and headers of the event. */
const ENVELOPE_BYTES = 16 * 1024

/** Maximum size of a rule set as JSON, in bytes. A rule set must fit into one event. */
export const MAX_RULE_SET_BYTES = READINGS_TOPIC.maxMessageBytes - ENVELOPE_BYTES

/** Returns the canonical form of a rule set: rules are sorted by identity, and the keys of each rule have a fixed order. */
export function buildRuleSet(rules: readonly AnyRule[]): RuleSet {
  const rows = [...rules].sort(byIdentity).map(toRuleRow)
  return { hash: computeHash(rows), rules: rows }
}

/** Returns an error message if the rules are too large for one event; undefined otherwise. */
export function sizeError(rules: readonly AnyRule[]): string | undefined {
  const bytes = Buffer.byteLength(JSON.stringify(buildRuleSet(rules)))
  if (bytes <= MAX_RULE_SET_BYTES) return undefined
  return (
    `the rules have ${bytes} bytes in total, more than the ${MAX_RULE_SET_BYTES} that fit into one event: ` +
    'remove rules, or shorten labels and summaries'
  )
}

/** Returns the rules in the data of `rules.activated`, or an error message if they cannot be used. */
export function listRules(
  families: Families,
  data: unknown,
): { readonly rules: readonly AnyRule[] } | { readonly error: string } {
  const { hash: named, rules: rows } = (data ?? {}) as Partial<RuleSet>
  if (!Array.isArray(rows) || named !== computeHash(rows))
    return { error: 'the hash does not match the rules' }
  const content = { rules: rows }
  const { rules, errors } = parseRules(families, content, true)
  const [first] = errors
  if (!first) return { rules }
  const others = errors.length > 1 ? `, and ${errors.length - 1} more` : ''
  return { error: `${showPath(first.path, content)}: ${first.message}${others}` }
}

/**
 * Returns the row of a rule. Keys that were introduced later are omitted if they have their default value, so that the hashes of
 * older rule sets do not change.
 */
function toRuleRow(rule: AnyRule): RuleRow {
  if (!isPatternRule(rule)) return thresholdRow(rule)
  const { name, pattern, keepFiringForMs, severity, labels, summary, paused } = rule
  return {
    ...{ name, pattern: patternRow(pattern), keepFiringFor: formatSeconds(keepFiringForMs) },
    ...{ severity, labels, summary, ...(paused ? { paused } : {}) },
  }
}

function thresholdRow(rule: Rule): RuleRow {
  const { table, match, measure, onSilence, paused } = rule
  return {
    name: rule.name,
    ...(table === undefined ? { family: rule.family, metric: rule.metric } : { table, column: rule.metric }),
    ...(match && { match: matchRow(match) }),
    ...conditionRow(rule.condition),
    ...(measure && measureKind(measure).row(measure)),
    for: formatSeconds(rule.forMs),
    keepFiringFor: formatSeconds(rule.keepFiringForMs),
    staleAfter: formatSeconds(rule.staleAfterMs),
    ...(onSilence === 'keep' ? {} : { onSilence }),
    severity: rule.severity,
    labels: rule.labels,
    summary: rule.summary,
    ...(paused ? { paused } : {}),
  }
}

/** Returns a hash of the rows, which does not depend on the order of keys. */
function computeHash(rows: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(withSortedKeys(rows)), 'hex')
}

function withSortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSortedKeys)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, own]) => [key, withSortedKeys(own)] as const)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Compares by code unit instead of locale, so that the order does not depend on the environment. */
function byIdentity(a: AnyRule, b: AnyRule): number {
  return getRuleIdentity(a) < getRuleIdentity(b) ? -1 : 1
}
