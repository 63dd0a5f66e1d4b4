/**
 * Alert events to publish when a state that was rebuilt from the log replaces the live state. Alerts of the two states are matched
 * by rule and entity. An alert that fires in both states continues with its published id. An alert that fires only in the live
 * state is resolved, and an alert that fires only in the rebuilt state is fired. Pure.
 */

import { derivedId, type Step, type TakeoverPlace } from '#runtime/consumer'
import { type FiredAlert, resolvedAlert } from './alert.ts'
import type { AlertingState, TrackedRule } from './entity-state.ts'
import { emitPatternAlert, type PatternStates } from './patterns/pattern-run.ts'
import { PIPELINE_DOWN } from './pipeline-down.ts'

type ReplaceAlert = (alert: FiredAlert) => FiredAlert

/** Functions that read and replace the alerts of a state. */
interface Alerts<State> {
  list(state: State): readonly FiredAlert[]
  replace(state: State, replaceAlert: ReplaceAlert): State
}

/**
 * Publishes the alert events, and returns the state that replaces the live state.
 *
 * @param alerts functions that read and replace the alerts of a state
 */
function takeover<State>(
  step: Pick<Step, 'emit'>,
  alerts: Alerts<State>,
  live: State | undefined,
  rebuilt: State | undefined,
  at: TakeoverPlace,
): State | undefined {
  const liveAlerts = indexByFingerprint(live === undefined ? [] : alerts.list(live))
  const rebuiltAlerts = indexByFingerprint(rebuilt === undefined ? [] : alerts.list(rebuilt))
  const ended = [...liveAlerts.values()].filter(({ fingerprint }) => !rebuiltAlerts.has(fingerprint))
  const begun = [...rebuiltAlerts.values()]
    .filter(({ fingerprint }) => !liveAlerts.has(fingerprint))
    .map(assignNewId(at))
  const publishedAlerts = new Map([...liveAlerts, ...indexByFingerprint(begun)])
  const replaceAlert: ReplaceAlert = alert => publishedAlerts.get(alert.fingerprint) ?? alert
  for (const alert of ended)
    emitPatternAlert(step, resolvedAlert(alert, computeEndMs(alert, at), 'reprocessed'), at)
  for (const alert of begun) emitPatternAlert(step, alert, at)
  return rebuilt === undefined ? undefined : alerts.replace(rebuilt, replaceAlert)
}

/**
 * Returns a function that gives a rebuilt alert a new id, because an alert with the old id may already have been published and
 * resolved.
 */
function assignNewId({ timeMs }: TakeoverPlace): ReplaceAlert {
  return alert =>
    alert.rule === PIPELINE_DOWN
      ? alert
      : { ...alert, alertId: derivedId(alert.alertId, 'reprocessed', timeMs) }
}

/** Returns the end time of an alert, which is never before its start. */
function computeEndMs({ startedAt }: FiredAlert, { timeMs }: TakeoverPlace): number {
  return Math.max(timeMs, Date.parse(startedAt))
}

function indexByFingerprint(alerts: readonly FiredAlert[]): Map<string, FiredAlert> {
  return new Map(alerts.map(alert => [alert.fingerprint, alert]))
}

const OF_PATTERNS: Alerts<PatternStates> = {
  list: ({ tracked }) => Object.values(tracked).flatMap(({ alert }) => alert ?? []),
  replace: (states, replaceAlert) => ({
    ...states,
    tracked: mapValues(states.tracked, pattern =>
      pattern.alert ? { ...pattern, alert: replaceAlert(pattern.alert) } : pattern,
    ),
  }),
}

const OF_ENTITIES: Alerts<AlertingState> = {
  list: ({ rules }) =>
    Object.values(rules).flatMap(({ alert, noData }) => [alert, noData].filter(state => state !== undefined)),
  replace: (state, replaceAlert) => ({
    ...state,
    rules: mapValues(state.rules, tracked => withAlerts(tracked, replaceAlert)),
  }),
}

function withAlerts(tracked: TrackedRule, replaceAlert: ReplaceAlert): TrackedRule {
  const { alert, noData } = tracked
  return {
    ...tracked,
    ...(alert ? { alert: replaceAlert(alert) } : {}),
    ...(noData ? { noData: replaceAlert(noData) } : {}),
  }
}

function mapValues<T>(all: Readonly<Record<string, T>>, change: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(all).map(([key, one]) => [key, change(one)]))
}

/** Publishes the alert events for one entity, and returns the state that replaces its live state. */
export function alertingTakeover(
  live: AlertingState | undefined,
  rebuilt: AlertingState | undefined,
  at: TakeoverPlace,
  step: Pick<Step, 'emit'>,
): AlertingState | undefined {
  return takeover(step, OF_ENTITIES, live, rebuilt, at)
}

/** Publishes the alert events for one group, and returns the pattern states that replace its live ones. */
export function patternsTakeover(
  live: PatternStates | undefined,
  rebuilt: PatternStates | undefined,
  at: TakeoverPlace,
  step: Pick<Step, 'emit'>,
): PatternStates | undefined {
  return takeover(step, OF_PATTERNS, live, rebuilt, at)
}
