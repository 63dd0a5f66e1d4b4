/** Patterns of an active rule set, prepared for evaluation. Pure. */
import { derivedId } from '../../../packages/runtime/consumer/derived-id.ts'
import type { FamilyName } from '../../telemetry/families.ts'
import { typeOfEvent } from './events.ts'
import {
  type AnyRule,
  isOfReadingsAlone,
  isPatternRule,
  keyOfPattern,
  type Matcher,
  matchersOf,
  type Pattern,
  type PatternRule,
  type Per,
} from './pattern.ts'
import { familyOfMatcher, matcherRow } from './read-matcher.ts'

export interface KeyedPattern {
  /** Key under which the pattern's state is stored. */
  readonly key: string
  readonly rule: PatternRule
  readonly matchers: readonly Matcher[]
  /** Names of the matchers, in the same order as `matchers`. Equal matchers have the same name. */
  readonly matcherKeys: readonly string[]
}

/** Matchers that select the events for groups of one kind, such as the groups by tenant. */
export interface Regrouping {
  readonly per: Per
  /** Matchers by name. */
  readonly matchers: ReadonlyMap<string, Matcher>
}

export interface PatternsInForce {
  /**
   * Patterns over the readings of a single entity, by state key. The alerting consumer evaluates them with the entity's other
   * rules.
   */
  readonly ofEntities: ReadonlyMap<string, KeyedPattern>
  /** All other patterns, by state key. Their events are first sent to a group. */
  readonly ofGroups: ReadonlyMap<string, KeyedPattern>
  readonly paused: ReadonlySet<string>
  readonly byFamily: ReadonlyMap<FamilyName, readonly KeyedPattern[]>
  readonly ofReadings: ReadonlyMap<FamilyName, readonly Regrouping[]>
  /** Matchers of events, by CloudEvents type. */
  readonly ofEvents: ReadonlyMap<string, readonly Regrouping[]>
}

export function patternsInForce(rules: readonly AnyRule[]): PatternsInForce {
  const all = rules.filter(isPatternRule).map(keyed)
  const active = all.filter(({ rule }) => !rule.paused)
  const ofEntities = active.filter(({ rule }) => isOfReadingsAlone(rule.pattern))
  const ofGroups = active.filter(({ rule }) => !isOfReadingsAlone(rule.pattern))
  return {
    ofEntities: byKey(ofEntities),
    ofGroups: byKey(ofGroups),
    paused: new Set(all.filter(({ rule }) => rule.paused).map(({ key }) => key)),
    byFamily: Map.groupBy(ofEntities, ({ matchers: [first] }) => familyOfMatcher(first as Matcher)),
    ofReadings: regroupings(ofGroups, matcher => (matcher.of === 'reading' ? matcher.family : undefined)),
    ofEvents: regroupings(ofGroups, matcher =>
      matcher.of === 'event' ? typeOfEvent(matcher.event) : undefined,
    ),
  }
}

function byKey(patterns: readonly KeyedPattern[]): ReadonlyMap<string, KeyedPattern> {
  return new Map(patterns.map(one => [one.key, one]))
}

function keyed(rule: PatternRule): KeyedPattern {
  const matchers = matchersOf(rule.pattern)
  const matcherKeys = matchers.map(matcher => derivedId('matcher', JSON.stringify(matcherRow(matcher))))
  return { key: keyOfPattern(rule, shapeOf(rule.pattern, matcherKeys)), rule, matchers, matcherKeys }
}

/** Returns a text that identifies a pattern, ignoring counts and durations. If only these are edited, a firing alert continues. */
function shapeOf(pattern: Pattern, matcherKeys: readonly string[]): string {
  const parts = pattern.kind === 'count' ? [] : [String(pattern.steps.length), String(!!pattern.absence)]
  return derivedId('pattern', pattern.kind, pattern.per, ...parts, ...matcherKeys)
}

/**
 * Collects the matchers of patterns by the source of their events and by group.
 *
 * @param sourceOf returns the CloudEvents type or family of a matcher's events; undefined if the matcher is to be skipped
 */
function regroupings<Source>(
  patterns: readonly KeyedPattern[],
  sourceOf: (matcher: Matcher) => Source | undefined,
): ReadonlyMap<Source, readonly Regrouping[]> {
  const found = new Map<Source, Map<Per, Map<string, Matcher>>>()
  for (const { rule, matchers, matcherKeys } of patterns)
    for (const [index, matcher] of matchers.entries()) {
      const source = sourceOf(matcher)
      if (source === undefined) continue
      const bySource = found.get(source) ?? new Map<Per, Map<string, Matcher>>()
      const byGroup = bySource.get(rule.pattern.per) ?? new Map<string, Matcher>()
      byGroup.set(matcherKeys[index] as string, matcher)
      found.set(source, bySource.set(rule.pattern.per, byGroup))
    }
  return new Map(
    [...found].map(([source, bySource]) => [
      source,
      [...bySource].map(([per, matchers]) => ({ per, matchers })),
    ]),
  )
}
