/** Patterns of an active rule set, prepared for evaluation. Pure. */
import { derivedId } from '#runtime/consumer'
import { toEventType } from './event-names.ts'
import {
  type AnyRule,
  computePatternKey,
  type GroupField,
  isPatternRule,
  listMatchers,
  type Matcher,
  type Pattern,
  type PatternRule,
} from './pattern.ts'
import { matcherRow } from './read-pattern.ts'

export interface KeyedPattern {
  /** Key under which the pattern's state is stored. */
  readonly key: string
  readonly rule: PatternRule
  /** Names of the matchers, in the order of `listMatchers`. Equal matchers have the same name. */
  readonly matcherKeys: readonly string[]
}

/** Matchers that select the events for groups of one kind, such as the groups by tenant. */
export interface Regrouping {
  readonly per: GroupField
  /** Matchers by name. */
  readonly matchers: ReadonlyMap<string, Matcher>
}

export interface PatternsInForce {
  /** Active patterns by state key. */
  readonly byKey: ReadonlyMap<string, KeyedPattern>
  /** State keys of the paused patterns. */
  readonly paused: ReadonlySet<string>
  /** Matchers of readings, by family. */
  readonly ofReadings: ReadonlyMap<string, readonly Regrouping[]>
  /** Matchers of events, by CloudEvents type. */
  readonly ofEvents: ReadonlyMap<string, readonly Regrouping[]>
}

export function patternsInForce(rules: readonly AnyRule[]): PatternsInForce {
  const all = rules.filter(isPatternRule).map(toKeyedPattern)
  const active = all.filter(({ rule }) => !rule.paused)
  return {
    byKey: new Map(active.map(pattern => [pattern.key, pattern])),
    paused: new Set(all.filter(({ rule }) => rule.paused).map(({ key }) => key)),
    ofReadings: collectRegroupings(active, matcher =>
      matcher.of === 'reading' ? matcher.family : undefined,
    ),
    ofEvents: collectRegroupings(active, matcher =>
      matcher.of === 'event' ? toEventType(matcher.event) : undefined,
    ),
  }
}

function toKeyedPattern(rule: PatternRule): KeyedPattern {
  const matcherKeys = listMatchers(rule.pattern).map(matcher =>
    derivedId('matcher', JSON.stringify(matcherRow(matcher))),
  )
  return { key: computePatternKey(rule, computeShape(rule.pattern, matcherKeys)), rule, matcherKeys }
}

/** Returns a text that identifies a pattern, ignoring counts and durations. If only these are edited, a firing alert continues. */
function computeShape(pattern: Pattern, matcherKeys: readonly string[]): string {
  return derivedId('pattern', pattern.kind, pattern.per, ...matcherKeys)
}

/**
 * Collects the matchers of patterns by the source of their events and by group.
 *
 * @param getSource returns the CloudEvents type or family of a matcher's events; undefined if the matcher is to be skipped
 */
function collectRegroupings<Source>(
  patterns: readonly KeyedPattern[],
  getSource: (matcher: Matcher) => Source | undefined,
): ReadonlyMap<Source, readonly Regrouping[]> {
  const found = new Map<Source, Map<GroupField, Map<string, Matcher>>>()
  for (const { rule, matcherKeys } of patterns)
    for (const [index, matcher] of listMatchers(rule.pattern).entries()) {
      const source = getSource(matcher)
      if (source === undefined) continue
      const bySource = found.get(source) ?? new Map<GroupField, Map<string, Matcher>>()
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
