/** Rules of a partition, prepared for evaluation. Pure. */
import type { FamilyName } from '../telemetry/families.ts'
import { REMEMBERING, type Remembering, rememberingKind } from './condition.ts'
import { type PatternsInForce, patternsInForce } from './patterns/in-force.ts'
import { type AnyRule, thresholdRules } from './patterns/pattern.ts'
import { identityOf, type Rule } from './rule.ts'

/** Rule with the key under which its state is stored. */
export interface KeyedRule {
  readonly key: string
  readonly rule: Rule
  /** Key of the rule's history. Rules with equal comparisons share one history. */
  readonly historyKey?: string
  /** Kind that uses the history. */
  readonly remembering?: Remembering
}

export interface RulesInForce {
  /** Rules that are evaluated, by the key of their state. */
  readonly byKey: ReadonlyMap<string, KeyedRule>
  readonly byFamily: ReadonlyMap<FamilyName, readonly KeyedRule[]>
  /** Keys of the paused rules. */
  readonly paused: ReadonlySet<string>
  /** Metrics that at least one rule watches. */
  readonly watched: ReadonlySet<string>
  readonly patterns: PatternsInForce
}

/**
 * Prepares a rule set for evaluation.
 *
 * @throws if two rules have the same identity, because their states and alerts would be mixed up
 */
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
 * Returns the key of a rule's state. It includes the metric and the measure: if an edit changes them, the rule starts over and its
 * old alert resolves as if the rule had been removed. Otherwise a value of the new metric could clear it.
 */
function keyOf(rule: Rule): string {
  const kind = rememberingKind(rule)
  const compared = kind === undefined ? '' : ` ${kind.name}`
  return `${identityOf(rule)} ${rule.family}.${rule.metric}${compared}`
}

const COMPARED = new RegExp(` \\w+\\.\\w+( (${REMEMBERING.join('|')}))?$`)

/** Returns the identity of the rule to which a state key belongs. */
export function identityOfKey(key: string): string {
  return key.replace(COMPARED, '')
}
