/** The alerting consumer: evaluates every reading against the rules of its family, and emits one event per change. */

import type { Received } from '../runtime/consumer/event.ts'
import { forgetting } from '../runtime/consumer/forgetting.ts'
import {
  decided,
  type Emission,
  type KeyedProcess,
  type PartitionContext,
  rejected,
  type Step,
} from '../runtime/consumer/process.ts'
import {
  type Family,
  familyOf,
  measurements,
  READING_TYPES,
  type ReadingData,
} from '../telemetry/families.ts'
import { READINGS_TOPIC } from '../telemetry/readings-topic.ts'
import { RULES_ACTIVATED_TYPE } from './activated-type.ts'
import { alertEmission, type FiredAlert, firedAlert, resolvedAlert } from './alert.ts'
import { identityOf, type Rule } from './rule.ts'
import { rulesIn } from './rule-set.ts'
import { type RuleState, type TransitionReason, transition } from './transition.ts'

/**
 * The state of an entity. Inactive rules are not stored: they need only the time when their metric was last seen, which
 * all rules of a metric share.
 */
export interface AlertingState {
  /** Metric → when it was last seen, in milliseconds since the epoch. */
  readonly seen: Readonly<Record<string, number>>
  /** By rule and metric, see `ruleKeyOf`. */
  readonly rules: Readonly<Record<string, TrackedRule>>
}

/** `alert` is set while firing or recovering: the resolved event repeats it, even if the rule was removed meanwhile. */
interface TrackedRule {
  readonly state: RuleState
  readonly alert?: FiredAlert
}

/** `no-rule`: the reading has no metric that a rule watches. */
type AlertingReason = TransitionReason | 'no-rule'

/** With several rules, the step's reason is the one that comes first here: the one that people care about most. */
const PRECEDENCE: readonly AlertingReason[] = [
  'fired',
  'resolved',
  'relapsed',
  'recovering',
  'pending-restarted',
  'pending',
  'pending-ended',
  'late',
  'unchanged',
  'no-rule',
]

/** The outcome of one event for one rule. */
interface Verdict {
  readonly name: string
  readonly tracked: TrackedRule | undefined
  readonly emission?: Emission
  readonly reason: AlertingReason
}

type ReadingEvent = Received<ReadingData>

/** Longer than the log keeps readings. */
const FORGOTTEN_AFTER_DAYS = READINGS_TOPIC.keptDays + 1

/** The rules in effect, by the key of their state. */
type Rules = ReadonlyMap<string, Rule>

interface Alerting extends KeyedProcess<AlertingState, ReadingData, Rules> {
  readonly context: PartitionContext<Rules>
}

/**
 * Evaluates the rules that the log has activated in the partition, see `activation.ts`.
 *
 * @param packaged the rules in effect until the log has activated a rule set
 * @throws if two rules have the same identity: their states and alerts would be mixed up
 */
export function alerting(packaged: readonly Rule[]): Alerting {
  return {
    name: 'alerting',
    accepts: READING_TYPES,
    context: {
      setBy: RULES_ACTIVATED_TYPE,
      initial: byRuleKey(packaged),
      read(data) {
        const read = rulesIn(data)
        return 'error' in read ? rejected(read.error) : { kind: 'context', context: byRuleKey(read.rules) }
      },
      reasons: { changed: 'rules-activated', unchanged: 'rules-unchanged' },
    },
    onEvent(state, event, rules) {
      const family = familyOf(event.type)
      if (family === undefined) return rejected(`${event.type} is not the type of a reading`)
      if (typeof event.data !== 'object' || event.data === null) return rejected('a reading without data')
      return evaluate(rules, state, event, family, event.data)
    },
    onTimer: (state, timer) => decided('forgotten', undefined, ended(state, timer, timer.dueMs, 'forgotten')),
    onErase: (state, erasure) => ended(state, erasure, erasure.timeMs, 'erased'),
  }
}

function byRuleKey(rules: readonly Rule[]): Rules {
  if (new Set(rules.map(identityOf)).size !== rules.length)
    throw new Error('two alert rules have the same name and labels')
  return new Map(rules.map(rule => [ruleKeyOf(rule), rule]))
}

/**
 * The key of a rule's state. It includes the metric: when an edit makes a rule watch another metric, the rule starts anew
 * and its old alert ends as if the rule were removed. A value of the new metric must not clear it.
 */
function ruleKeyOf(rule: Rule): string {
  return `${identityOf(rule)} ${rule.family}.${rule.metric}`
}

function evaluate(
  rules: Rules,
  state: AlertingState | undefined,
  event: ReadingEvent,
  family: Family,
  data: ReadingData,
): Step<AlertingState> {
  const seen = new Map(Object.entries(state?.seen ?? {}))
  const tracked = new Map(Object.entries(state?.rules ?? {}))
  const values = new Map(measurements(family, data))

  const removed = [...tracked].filter(([name]) => !rules.has(name))
  const verdicts = [
    ...removed.map(([name, rule]) => afterRemoval(name, rule, event)),
    ...[...rules].map(([name, rule]): Verdict => {
      const value = rule.family === family.name ? values.get(rule.metric) : undefined
      const before = tracked.get(name) ?? inactiveSince(seen.get(rule.metric))
      return value === undefined
        ? { name, tracked: before, reason: 'no-rule' }
        : afterObservation(name, rule, before, event, value)
    }),
  ]
  const watched = new Set([...rules.values()].map(rule => rule.metric))
  const next = stateOf(verdicts, lastSeen(watched, seen, values, event.timeMs))
  return decided(
    reasonOf(verdicts),
    next,
    verdicts.flatMap(verdict => verdict.emission ?? []),
    next ? forgetting(latestOf(state), event.timeMs, FORGOTTEN_AFTER_DAYS) : [],
  )
}

/** No reading can clear the alerts of an entity whose state is removed, so they end with it. */
function ended(
  { rules }: AlertingState,
  of: Pick<Received, 'entity'>,
  atMs: number,
  reason: 'forgotten' | 'erased',
): Emission[] {
  // No earlier than the last observation.
  return Object.values(rules).flatMap(({ state, alert }) =>
    alert ? [alertEmission(resolvedAlert(alert, Math.max(atMs, state.seenMs), reason), of)] : [],
  )
}

/** When the entity last reported a metric that a rule watches; undefined if it never did. */
function latestOf(state: AlertingState | undefined): number | undefined {
  const times = Object.values(state?.seen ?? {})
  return times.length > 0 ? Math.max(...times) : undefined
}

function afterObservation(
  name: string,
  rule: Rule,
  before: TrackedRule | undefined,
  event: ReadingEvent,
  value: number,
): Verdict {
  const observation = { timeMs: event.timeMs, value }
  const { state, change, reason } = transition(rule, before?.state, observation)
  if (change === 'fired' && state.phase === 'firing') {
    const alert = firedAlert(rule, event, observation, state.activeAtMs)
    return { name, tracked: { state, alert }, emission: alertEmission(alert, event), reason }
  }
  if (before?.alert === undefined) return { name, tracked: { state }, reason }
  if (change !== 'resolved') return { name, tracked: { state, alert: before.alert }, reason }
  const alert = resolvedAlert(before.alert, event.timeMs, { value, threshold: rule.clearThreshold })
  return { name, tracked: { state }, emission: alertEmission(alert, event), reason }
}

/** No value can clear an alert whose rule was removed, so the entity's next reading ends it, whatever its metrics. */
function afterRemoval(name: string, { state, alert }: TrackedRule, event: ReadingEvent): Verdict {
  if (alert === undefined) return { name, tracked: undefined, reason: 'pending-ended' }
  // With a late reading, the alert still ends no earlier than its last observation.
  const resolved = resolvedAlert(alert, Math.max(event.timeMs, state.seenMs), 'rule-removed')
  return { name, tracked: undefined, emission: alertEmission(resolved, event), reason: 'resolved' }
}

function inactiveSince(seenMs: number | undefined): TrackedRule | undefined {
  return seenMs === undefined ? undefined : { state: { phase: 'inactive', seenMs } }
}

/** When each watched metric was last seen. A late reading does not move its time back. */
function lastSeen(
  watched: ReadonlySet<string>,
  seen: ReadonlyMap<string, number>,
  values: ReadonlyMap<string, number>,
  timeMs: number,
): Record<string, number> {
  const times = [...watched].flatMap(metric => {
    const before = seen.get(metric)
    const at = values.has(metric) ? Math.max(timeMs, before ?? timeMs) : before
    return at === undefined ? [] : [[metric, at] as const]
  })
  return Object.fromEntries(times)
}

function stateOf(verdicts: readonly Verdict[], seen: AlertingState['seen']): AlertingState | undefined {
  const rules = verdicts.flatMap(({ name, tracked }) =>
    tracked !== undefined && isWorthKeeping(tracked.state) ? [[name, tracked] as const] : [],
  )
  if (rules.length === 0 && Object.keys(seen).length === 0) return undefined
  return { seen, rules: Object.fromEntries(rules) }
}

function isWorthKeeping(state: RuleState): boolean {
  return state.phase !== 'inactive' || state.before !== undefined
}

function reasonOf(verdicts: readonly Verdict[]): AlertingReason {
  const reasons = new Set(verdicts.map(verdict => verdict.reason))
  return PRECEDENCE.find(reason => reasons.has(reason)) ?? 'no-rule'
}
