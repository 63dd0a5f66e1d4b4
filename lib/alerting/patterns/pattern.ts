/** Rules over several events: so many within a time, or one after the other. `config/rules/README.md` describes how to write one. */
import type { Dimension, FamilyName } from '../../telemetry/families.ts'
import type { Condition } from '../condition.ts'
import { identityOf, type Match, type Rule } from '../rule.ts'

/** A reading of a family; with a metric, one that has it; with a condition, one that meets it. */
export interface ReadingMatcher {
  readonly of: 'reading'
  readonly family: FamilyName
  readonly metric?: string
  readonly condition?: Condition
  readonly match?: Match
}

/** An event of the topic `events`. */
export interface EventMatcher {
  readonly of: 'event'
  /** One of `EVENTS`. */
  readonly event: string
  /** Fields of its data, and the texts of which each must have one. */
  readonly where: readonly (readonly [field: string, texts: readonly string[]])[]
  readonly match?: Match
}

export type Matcher = ReadingMatcher | EventMatcher

/** Property that events must share to be seen together: the entity, a dimension of its family, or a tag. */
export type Per = 'entity' | Dimension | `tags.${string}`

interface Common {
  readonly per: Per
  /** Ends the alert and resets the pattern. */
  readonly until?: Matcher
}

/** Holds while at least `count` of the events lie within the time. */
export interface CountPattern extends Common {
  readonly kind: 'count'
  readonly count: number
  readonly event: Matcher
  readonly withinMs: number
}

export interface Step {
  readonly event: Matcher
  /** The longest time after the step before. 0 for the first step, which follows none. */
  readonly withinMs: number
}

/** Each step after the one before; at the end, perhaps, a time in which an event does not come. */
export interface SequencePattern extends Common {
  readonly kind: 'sequence'
  readonly steps: readonly Step[]
  readonly absence?: Step
}

export type Pattern = CountPattern | SequencePattern

/** A rule over several events, checked and with defaults filled in. */
export interface PatternRule
  extends Pick<Rule, 'name' | 'keepFiringForMs' | 'severity' | 'labels' | 'summary' | 'paused'> {
  readonly pattern: Pattern
}

/** A rule of either kind, as rule files and rule sets hold them. */
export type AnyRule = Rule | PatternRule

export function isPatternRule(rule: AnyRule): rule is PatternRule {
  return 'pattern' in rule
}

/** The rules over the values of one metric. */
export function thresholdRules(rules: readonly AnyRule[]): readonly Rule[] {
  return rules.filter((rule): rule is Rule => !isPatternRule(rule))
}

/** All events that the pattern asks for; the place in this list is what the evaluation knows them by. */
export function matchersOf(pattern: Pattern): readonly Matcher[] {
  const until = pattern.until ? [pattern.until] : []
  if (pattern.kind === 'count') return [pattern.event, ...until]
  const absence = pattern.absence ? [pattern.absence.event] : []
  return [...pattern.steps.map(({ event }) => event), ...absence, ...until]
}

/** Whether the alerting of an entity sees all of it: readings of one family, for each entity alone. */
export function isOfReadingsAlone(pattern: Pattern): boolean {
  return pattern.per === 'entity' && matchersOf(pattern).every(matcher => matcher.of === 'reading')
}

const BEFORE_SHAPE = ' pattern '

/** The key of a rule's state: the rule starts anew if an edit makes it ask for other events. @param shape of the pattern */
export function keyOfPattern(rule: PatternRule, shape: string): string {
  return `${identityOf(rule)}${BEFORE_SHAPE}${shape}`
}

/** The identity of a rule, from the key of its state. */
export function identityOfPatternKey(key: string): string {
  return key.slice(0, key.lastIndexOf(BEFORE_SHAPE))
}
