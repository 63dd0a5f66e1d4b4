/**
 * Alert events to publish when a state that was rebuilt from the log replaces the live state. Alerts of the two states are matched
 * by rule and entity. An alert that fires in both states continues with its published id. An alert that fires only in the live
 * state is resolved, and an alert that fires only in the rebuilt state is fired. Pure.
 */
import { derivedId } from '#runtime/consumer/derived-id.ts'
import type { Takeover, TakeoverPlace } from '#runtime/consumer/process.ts'
import { type FiredAlert, resolvedAlert } from './alert.ts'
import type { AlertingState, TrackedRule } from './entity-state.ts'
import { type PatternStates, patternEmission } from './patterns/pattern-run.ts'
import { PIPELINE_DOWN } from './pipeline-down.ts'

type Renamed = (alert: FiredAlert) => FiredAlert

/** Functions that read and replace the alerts of a state. */
interface Alerts<State> {
  of(state: State): readonly FiredAlert[]
  with(state: State, renamed: Renamed): State
}

/**
 * Returns the state that replaces the live state, and the alert events to publish.
 *
 * @param alerts functions that read and replace the alerts of a state
 */
function takeover<State>(
  alerts: Alerts<State>,
  live: State | undefined,
  rebuilt: State | undefined,
  at: TakeoverPlace,
): Takeover<State> {
  const told = byFingerprint(live === undefined ? [] : alerts.of(live))
  const found = byFingerprint(rebuilt === undefined ? [] : alerts.of(rebuilt))
  const ended = [...told.values()].filter(({ fingerprint }) => !found.has(fingerprint))
  const begun = [...found.values()].filter(({ fingerprint }) => !told.has(fingerprint)).map(asNew(at))
  const known = new Map([...told, ...byFingerprint(begun)])
  const renamed: Renamed = alert => known.get(alert.fingerprint) ?? alert
  return {
    state: rebuilt === undefined ? undefined : alerts.with(rebuilt, renamed),
    emit: [...ended.map(alert => resolvedAlert(alert, endOf(alert, at), 'reprocessed')), ...begun].map(
      alert => patternEmission(alert, at),
    ),
  }
}

/**
 * Returns a function that gives a rebuilt alert a new id, because an alert with the old id may already have been published and
 * resolved.
 */
function asNew({ timeMs }: TakeoverPlace): Renamed {
  return alert =>
    alert.rule === PIPELINE_DOWN
      ? alert
      : { ...alert, alertId: derivedId(alert.alertId, 'reprocessed', timeMs) }
}

/** Returns the end time of an alert, which is never before its start. */
function endOf({ startedAt }: FiredAlert, { timeMs }: TakeoverPlace): number {
  return Math.max(timeMs, Date.parse(startedAt))
}

function byFingerprint(alerts: readonly FiredAlert[]): Map<string, FiredAlert> {
  return new Map(alerts.map(alert => [alert.fingerprint, alert]))
}

const OF_PATTERNS: Alerts<PatternStates> = {
  of: ({ tracked }) => Object.values(tracked).flatMap(({ alert }) => alert ?? []),
  with: (states, renamed) => ({
    ...states,
    tracked: mapped(states.tracked, one => (one.alert ? { ...one, alert: renamed(one.alert) } : one)),
  }),
}

const OF_ENTITIES: Alerts<AlertingState> = {
  of: ({ rules }) =>
    Object.values(rules).flatMap(({ alert, noData }) => [alert, noData].filter(one => one !== undefined)),
  with: (state, renamed) => ({
    ...state,
    rules: mapped(state.rules, tracked => withAlerts(tracked, renamed)),
  }),
}

function withAlerts(tracked: TrackedRule, renamed: Renamed): TrackedRule {
  const { alert, noData } = tracked
  return {
    ...tracked,
    ...(alert ? { alert: renamed(alert) } : {}),
    ...(noData ? { noData: renamed(noData) } : {}),
  }
}

function mapped<T>(all: Readonly<Record<string, T>>, change: (one: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(all).map(([key, one]) => [key, change(one)]))
}

/** Returns the state that replaces the live state of one entity, and the alert events to publish. */
export function alertingTakeover(
  live: AlertingState | undefined,
  rebuilt: AlertingState | undefined,
  at: TakeoverPlace,
): Takeover<AlertingState> {
  return takeover(OF_ENTITIES, live, rebuilt, at)
}

/** Returns the pattern states that replace the live ones of one group, and the alert events to publish. */
export function patternsTakeover(
  live: PatternStates | undefined,
  rebuilt: PatternStates | undefined,
  at: TakeoverPlace,
): Takeover<PatternStates> {
  return takeover(OF_PATTERNS, live, rebuilt, at)
}
