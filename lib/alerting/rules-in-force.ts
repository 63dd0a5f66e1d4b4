/** Active rules of a partition, prepared for evaluation. Pure. */
import { REMEMBERING, type Remembering, rememberingKind } from './condition.ts'
import type { AlertingHistory } from './entity-state.ts'
import { type AnyRule, thresholdRules } from './patterns/pattern.ts'
import { type PatternsInForce, patternsInForce } from './patterns/patterns-in-force.ts'
import { getRuleIdentity, type Rule, watchedBy } from './rule.ts'

/** Rule, and the key under which its state is stored. */
export interface KeyedRule {
  readonly key: string
  readonly rule: Rule
  /** Key under which the rule's earlier readings are stored. Rules with equal comparisons use the same key. */
  readonly historyKey?: string
  /** Key that states of earlier versions have in its place, without the unit. */
  readonly formerHistoryKey?: string
  /** Kind that compares new readings with earlier ones. */
  readonly remembering?: Remembering
}

/** Rules that watch the same family or table, and the metrics or columns that at least one of them watches. */
export interface Watching {
  readonly rules: readonly KeyedRule[]
  readonly metrics: readonly string[]
  /** True if there are further rules that do not go with what their metrics are. */
  readonly hasUnfit: boolean
}

export interface RulesInForce {
  /** Rules to evaluate, by state key. */
  readonly byKey: ReadonlyMap<string, KeyedRule>
  /** Rules by the family of readings that they watch, or by the source of a table's changes. */
  readonly byWatched: ReadonlyMap<string, Watching>
  /** State keys of the rules of the set that are not evaluated, with the reason. */
  readonly left: ReadonlyMap<string, 'rule-paused' | 'rule-unfit'>
  readonly patterns: PatternsInForce
}

/**
 * Prepares a rule set for evaluation.
 *
 * @throws Error if two rules have the same identity, because their states and alerts would be mixed up
 */
export function rulesInForce(all: readonly AnyRule[]): RulesInForce {
  if (new Set(all.map(getRuleIdentity)).size !== all.length)
    throw new Error('two alert rules have the same name and labels')
  const rules = thresholdRules(all)
  const keyed = rules.filter(rule => findReasonToLeave(rule) === undefined).map(toKeyedRule)
  const grouped = Map.groupBy(keyed, ({ rule }) => watchedBy(rule))
  const unfit = new Set(rules.filter(({ paused, isUnfit }) => isUnfit && !paused).map(watchedBy))
  for (const name of unfit) grouped.set(name, grouped.get(name) ?? [])
  return {
    byKey: new Map(keyed.map(rule => [rule.key, rule])),
    byWatched: new Map([...grouped].map(([name, own]) => [name, watching(own, unfit.has(name))])),
    left: new Map(
      rules.flatMap(rule => {
        const reason = findReasonToLeave(rule)
        return reason ? [[computeStateKey(rule), reason]] : []
      }),
    ),
    patterns: patternsInForce(all),
  }
}

function watching(rules: readonly KeyedRule[], hasUnfit: boolean): Watching {
  return { rules, metrics: [...new Set(rules.map(({ rule }) => rule.metric))], hasUnfit }
}

/** Returns why a rule of the set is not evaluated; undefined if it is. */
function findReasonToLeave({ paused, isUnfit }: Rule): 'rule-paused' | 'rule-unfit' | undefined {
  if (paused) return 'rule-paused'
  return isUnfit ? 'rule-unfit' : undefined
}

export function toKeyedRule(rule: Rule): KeyedRule {
  const kind = rememberingKind(rule)
  return {
    key: computeStateKey(rule),
    rule,
    ...(kind && { ...computeHistoryKeys(rule, kind), remembering: kind }),
  }
}

/** Returns the keys under which the earlier readings of a rule are stored. Those in another unit are no longer found. */
function computeHistoryKeys(
  { metric, unit }: Rule,
  { name, memory, own }: Remembering,
): Required<Pick<KeyedRule, 'historyKey' | 'formerHistoryKey'>> {
  const settings = memory.key(own)
  const inUnit = unit ? ` ${unit}` : ''
  return {
    historyKey: `${name} ${metric}${inUnit} ${settings}`,
    formerHistoryKey: `${name} ${metric} ${settings}`,
  }
}

/** Returns the earlier readings of a rule that remembers some; undefined if there are none. */
export function findHistory(
  history: AlertingHistory,
  { historyKey = '', formerHistoryKey = '' }: Pick<KeyedRule, 'historyKey' | 'formerHistoryKey'>,
): object | undefined {
  return history[historyKey] ?? history[formerHistoryKey]
}

/**
 * Returns the key of a rule's state. The key includes the metric and the measure. If one of them is edited, the rule starts with an
 * empty state, and its firing alert resolves. Otherwise a value of the new metric could clear an alert about the old one.
 */
function computeStateKey(rule: Rule): string {
  const kind = rememberingKind(rule)
  const compared = kind === undefined ? '' : ` ${kind.name}`
  return `${getRuleIdentity(rule)} ${watchedBy(rule)}.${rule.metric}${compared}`
}

const COMPARED = new RegExp(` [\\w/]+\\.\\w+( (${REMEMBERING.join('|')}))?$`)

/** Returns the identity of the rule to which a state key belongs. */
export function parseRuleIdentity(key: string): string {
  return key.replace(COMPARED, '')
}
