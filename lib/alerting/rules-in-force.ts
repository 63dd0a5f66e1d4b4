/** The rules of a partition, arranged for evaluation. Pure. */
import type { FamilyName } from '../telemetry/families.ts'
import { REMEMBERING, type Remembering, rememberingKind } from './condition.ts'
import { type PatternsInForce, patternsInForce } from './patterns/in-force.ts'
import { type AnyRule, thresholdRules } from './patterns/pattern.ts'
import { identityOf, type Rule } from './rule.ts'

/** Rule with the key of its state. */
export interface KeyedRule {
  readonly key: string
  readonly rule: Rule
  /** Key of the rule's history; rules with equal comparisons share one. */
  readonly historyKey?: string
  /** Kind of the history. */
  readonly remembering?: Remembering
}

export interface RulesInForce {
  /** Evaluated rules, by the key of their state. */
  readonly byKey: ReadonlyMap<string, KeyedRule>
  readonly byFamily: ReadonlyMap<FamilyName, readonly KeyedRule[]>
  /** Keys of the paused rules. */
  readonly paused: ReadonlySet<string>
  /** Metrics that at least one rule watches. */
  readonly watched: ReadonlySet<string>
  readonly patterns: PatternsInForce
}

/** @throws if two rules have the same identity: their states and alerts would be mixed up */
export function rulesInForce(all: readonly AnyRule[]): RulesInForce {
  if (new Set(all.map(identityOf)).size !== all.length)
    throw new Error('two alert rules have the same name and labels')
  const rules = thresholdRules(all)
  const keyed = rules.filter(({ paused }) => !paused).map(withKey)
  return {
    byKey: new Map(keyed.map(one => [one.key, one])),
    byFamily: Map.groupBy(keyed, ({ rule }) => rule.family),
    paused: new Set(rules.filter(({ paused }) => paused).map(keyOf)),
    watched: new Set(keyed.map(({ rule }) => rule.metric)),
    patterns: patternsInForce(all),
  }
}

function withKey(rule: Rule): KeyedRule {
  const kind = rememberingKind(rule)
  const historyKey = kind && `${kind.name} ${rule.metric} ${kind.memory.key(kind.own)}`
  return { key: keyOf(rule), rule, ...(kind && historyKey ? { historyKey, remembering: kind } : {}) }
}

/**
 * Returns the key of a rule's state. It includes the comparison: after an edit to another metric, the rule starts anew
 * and its old alert ends as if the rule were removed. A value of the new metric must not clear it.
 */
function keyOf(rule: Rule): string {
  const kind = rememberingKind(rule)
  const compared = kind === undefined ? '' : ` ${kind.name}`
  return `${identityOf(rule)} ${rule.family}.${rule.metric}${compared}`
}

const COMPARED = new RegExp(` \\w+\\.\\w+( (${REMEMBERING.join('|')}))?$`)

/** Returns the identity of a rule from the key of its state. */
export function identityOfKey(key: string): string {
  return key.replace(COMPARED, '')
}
