/** The alerting consumer: every reading against every rule of its family, one event per change and none besides. */
import type { Received } from '../event.ts'
import { forgetting } from '../forgetting.ts'
import { decided, type Emission, type KeyedProcess, rejected, type Step, type Timer } from '../process.ts'
import {
  type Family,
  familyOf,
  measurements,
  READING_TYPES,
  type ReadingData,
} from '../telemetry/families.ts'
import { TOPICS } from '../topics.ts'
import { alertEmission, type FiredAlert, firedAlert, resolvedAlert } from './alert.ts'
import { identityOf, type Rule } from './rule.ts'
import { type RuleState, type TransitionReason, transition } from './transition.ts'

/**
 * What is remembered of an entity. A rule that is inactive is not listed: when its metric was last seen is all there
 * is to know of it, and rules of one metric share that.
 */
export interface AlertingState {
  /** Metric → milliseconds since the epoch. */
  readonly seen: Readonly<Record<string, number>>
  /** By rule and what it looks at, see `heldName`. */
  readonly rules: Readonly<Record<string, HeldRule>>
}

/** `alert` is there while firing or recovering: its resolve repeats it, also when the rule is gone by then. */
interface HeldRule {
  readonly state: RuleState
  readonly alert?: FiredAlert
}

/** `no-rule`: the reading carries no metric that a rule looks at. */
type AlertingReason = TransitionReason | 'no-rule'

/** With several rules the step has the reason that stands first here: what people would ask about before the rest. */
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

/** What one event came to for one rule. */
interface Verdict {
  readonly name: string
  readonly held: HeldRule | undefined
  readonly emission?: Emission
  readonly reason: AlertingReason
}

type Reading = Received<ReadingData>

/** Longer than the log keeps readings. */
const FORGOTTEN_AFTER_DAYS = TOPICS.readings.keptDays + 1

/** @throws if two rules have the same identity: one would answer for the alerts of the other. */
export function alerting(rules: readonly Rule[]): KeyedProcess<AlertingState, ReadingData> {
  if (new Set(rules.map(identityOf)).size !== rules.length)
    throw new Error('two alert rules have the same name and labels')
  const byName = new Map(rules.map(rule => [heldName(rule), rule]))
  return {
    name: 'alerting',
    accepts: READING_TYPES,
    onEvent(state, event) {
      const family = familyOf(event.type)
      if (family === undefined) return rejected(`${event.type} is not the type of a reading`)
      if (typeof event.data !== 'object' || event.data === null) return rejected('a reading without data')
      return judge(byName, state, event, family, event.data)
    },
    onTimer: forgotten,
  }
}

/**
 * What a rule's state is kept under. A rule that looks at another metric since an edit begins anew, and its old alert ends
 * as if the rule were gone: a value of the other metric must not clear it.
 */
function heldName(rule: Rule): string {
  return `${identityOf(rule)} ${rule.family}.${rule.metric}`
}

function judge(
  rules: ReadonlyMap<string, Rule>,
  state: AlertingState | undefined,
  event: Reading,
  family: Family,
  data: ReadingData,
): Step<AlertingState> {
  const seen = new Map(Object.entries(state?.seen ?? {}))
  const held = new Map(Object.entries(state?.rules ?? {}))
  const values = new Map(measurements(family, data))

  const removed = [...held].filter(([name]) => !rules.has(name))
  const verdicts = [
    ...removed.map(([name, rule]) => afterRemoval(name, rule, event)),
    ...[...rules].map(([name, rule]): Verdict => {
      const value = rule.family === family.name ? values.get(rule.metric) : undefined
      const before = held.get(name) ?? heldSince(seen.get(rule.metric))
      return value === undefined
        ? { name, held: before, reason: 'no-rule' }
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

/** Nobody will clear the alerts of an entity that is not heard of any more: they end with its memory. */
function forgotten(state: AlertingState, timer: Timer): Step<AlertingState> {
  const alerts = Object.values(state.rules).flatMap(({ alert }) => alert ?? [])
  const resolved = alerts.map(alert => resolvedAlert(alert, timer.dueMs, 'forgotten'))
  return decided(
    'forgotten',
    undefined,
    resolved.map(alert => alertEmission(alert, timer)),
  )
}

/** When the entity last reported anything that a rule looks at; undefined where it never did. */
function latestOf(state: AlertingState | undefined): number | undefined {
  const times = Object.values(state?.seen ?? {})
  return times.length > 0 ? Math.max(...times) : undefined
}

function afterObservation(
  name: string,
  rule: Rule,
  before: HeldRule | undefined,
  event: Reading,
  value: number,
): Verdict {
  const observation = { timeMs: event.timeMs, value }
  const { state, change, reason } = transition(rule, before?.state, observation)
  if (change === 'fired' && state.phase === 'firing') {
    const alert = firedAlert(rule, event, observation, state.activeAtMs)
    return { name, held: { state, alert }, emission: alertEmission(alert, event), reason }
  }
  if (before?.alert === undefined) return { name, held: { state }, reason }
  if (change !== 'resolved') return { name, held: { state, alert: before.alert }, reason }
  const alert = resolvedAlert(before.alert, event.timeMs, { value, threshold: rule.clearThreshold })
  return { name, held: { state }, emission: alertEmission(alert, event), reason }
}

/** Nothing can clear an alert whose rule is gone, so the entity's next reading ends it, even one without its metric. */
function afterRemoval(name: string, { state, alert }: HeldRule, event: Reading): Verdict {
  if (alert === undefined) return { name, held: undefined, reason: 'pending-ended' }
  // A late reading does not make the alert end before what it has already seen.
  const resolved = resolvedAlert(alert, Math.max(event.timeMs, state.seenMs), 'rule-removed')
  return { name, held: undefined, emission: alertEmission(resolved, event), reason: 'resolved' }
}

function heldSince(seenMs: number | undefined): HeldRule | undefined {
  return seenMs === undefined ? undefined : { state: { phase: 'inactive', seenMs } }
}

/** Of each metric that a rule looks at: a late reading does not turn its time back. */
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
  const rules = verdicts.flatMap(({ name, held }) =>
    held !== undefined && isWorthKeeping(held.state) ? [[name, held] as const] : [],
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
