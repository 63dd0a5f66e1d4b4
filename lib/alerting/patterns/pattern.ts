/** Rules over several events: a count within a duration, or a sequence. `config/rules/README.md` describes how to write one. */
import type { Condition } from '../condition.ts'
import { getRuleIdentity, type Match, type Rule } from '../rule.ts'

/** Matcher of readings of one family, optionally limited by a metric and a condition. */
export interface ReadingMatcher {
  readonly of: 'reading'
  readonly family: string
  readonly metric?: string
  readonly condition?: Condition
  readonly match?: Match
}

/** Matcher of an event of the topic `events`. */
export interface EventMatcher {
  readonly of: 'event'
  /** Name of the event, which is a key of `EVENTS`. */
  readonly event: string
  /** Fields of the event's data, each with its allowed texts. */
  readonly where: readonly (readonly [field: string, texts: readonly string[]])[]
  readonly match?: Match
}

export type Matcher = ReadingMatcher | EventMatcher

/** Property by which events are grouped: `entity`, a dimension of its family, or a tag such as `tags.floor`. */
export type GroupField = string

/** Pattern that holds while at least `count` matching events are within the duration. */
export interface CountPattern {
  readonly kind: 'count'
  readonly per: GroupField
  readonly count: number
  readonly event: Matcher
  readonly withinMs: number
}

/** Sequence of steps. `withinMs` of a step is the maximum time since the previous step, in milliseconds; 0 for the first step. */
export interface SequencePattern {
  readonly kind: 'sequence'
  readonly per: GroupField
  readonly steps: readonly { readonly event: Matcher; readonly withinMs: number }[]
}

export type Pattern = CountPattern | SequencePattern

/** Rule over several events, after validation and with defaults filled in. */
export interface PatternRule
  extends Pick<Rule, 'name' | 'keepFiringForMs' | 'severity' | 'labels' | 'summary' | 'paused'> {
  readonly pattern: Pattern
}

/** Rule of any kind: a rule over the values of one metric, or a rule over several events. */
export type AnyRule = Rule | PatternRule

export function isPatternRule(rule: AnyRule): rule is PatternRule {
  return 'pattern' in rule
}

/** Returns the rules over the values of one metric, without those over several events. */
export function thresholdRules(rules: readonly AnyRule[]): readonly Rule[] {
  return rules.filter((rule): rule is Rule => !isPatternRule(rule))
}

/** Returns all matchers of a pattern. The evaluation refers to a matcher by its index in this list. */
export function listMatchers(pattern: Pattern): readonly Matcher[] {
  return pattern.kind === 'count' ? [pattern.event] : pattern.steps.map(({ event }) => event)
}

/** Separates the rule from its events in a state key. */
const BEFORE_SHAPE = ' pattern '

/**
 * Returns the key of a rule's state. If the events of the rule are edited, the key changes and the evaluation starts with an empty
 * state.
 *
 * @param shape text that identifies the pattern, ignoring counts and durations
 */
export function computePatternKey(rule: PatternRule, shape: string): string {
  return `${getRuleIdentity(rule)}${BEFORE_SHAPE}${shape}`
}

/** Returns the identity of the rule to which a state key belongs. */
export function parsePatternIdentity(key: string): string {
  return key.slice(0, key.lastIndexOf(BEFORE_SHAPE))
}
