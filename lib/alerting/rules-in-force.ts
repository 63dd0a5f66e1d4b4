/** The rules of a partition, arranged for evaluation. Pure. */
import type { FamilyName } from '../telemetry/families.ts'
import { REMEMBERING, type Remembering, rememberingKind } from './condition.ts'
import { type PatternsInForce, patternsInForce } from './patterns/in-force.ts'
import { type AnyRule, thresholdRules } from './patterns/pattern.ts'
import { identityOf, type Rule } from './rule.ts'

/** A rule under the key of its state. */
export interface KeyedRule {
  readonly key: string
  readonly rule: Rule
  /** Names the history that it compares with; rules that compare alike share one. */
  readonly historyKey?: string
  /** The kind to which that history belongs. */
  readonly remembering?: Remembering
}

export interface RulesInForce {
  /** The rules that are evaluated, by the key of their state. */
  readonly byKey: ReadonlyMap<string, KeyedRule>
  readonly byFamily: ReadonlyMap<FamilyName, readonly KeyedRule[]>
  /** Keys of the rules that are paused. */
  readonly paused: ReadonlySet<string>
  /** The metrics that any rule watches. */
  readonly watched: ReadonlySet<string>
  /** The rules over several events. */
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
 * The key of a rule's state. It includes what is compared: when an edit makes a rule watch another metric, the rule starts anew
 * and its old alert ends as if the rule were removed. A value of the new metric must not clear it.
 */
function keyOf(rule: Rule): string {
  const kind = rememberingKind(rule)
  const compared = kind === undefined ? '' : ` ${kind.name}`
  return `${identityOf(rule)} ${rule.family}.${rule.metric}${compared}`
}

const COMPARED = new RegExp(` \\w+\\.\\w+( (${REMEMBERING.join('|')}))?$`)

/** The identity of a rule, from the key of its state. */
export function identityOfKey(key: string): string {
  return key.replace(COMPARED, '')
}
