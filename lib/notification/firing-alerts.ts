/**
 * The firing alerts, as a part of the consumer `notifier`: its states of the topic `alerts` contain all of them. A query reads only
 * the entities that have firing alerts, so its cost does not depend on the total number of entities. Each fired alert is sent to its
 * notification groups. The resolved alert is sent to the same groups, even if the routes have changed meanwhile. Pure.
 */

import { formatEntity, omitUndefined, type ProcessPart, type Step, type TypedEvent } from '#runtime/consumer'
import {
  ALERT_FIRED_TYPE,
  ALERT_RESOLVED_TYPE,
  type Alert,
  type FiredAlert,
  type ResolvedAlert,
} from '../alerting/alert.ts'
import { isBefore, type OrderedAlert, orderedAlert } from '../alerting/alert-order.ts'
import { isClock } from '../alerting/pipeline-down.ts'
import { emitInhibition, isInhibiting } from './inhibition.ts'
import type { Muting } from './mutes-in-force.ts'
import { findTargets, type NotificationRoutes, type Target } from './route.ts'
import { emitRoutedAlert } from './routed-alert.ts'

/** Name of the consumer, and of its function. */
export const NOTIFIER = 'notifier'

/**
 * State of one entity of the alerts topic. Such an entity is identified by `/alerting`, the rule and the watched entity. Rules with
 * the same name and different labels share one entity. An entity without firing alerts has a state only while an old fired event
 * may still arrive.
 */
export interface FiringAlerts {
  /** Firing alerts by fingerprint. At most one alert of a fingerprint fires at a time. */
  readonly alerts: Readonly<Record<string, FiringAlert>>
  /**
   * Last ended alert by fingerprint. It is stored while its fired event may still arrive. A failed event can be redriven later, and
   * every partition of readings reports the alert `PIPELINE_DOWN`.
   */
  readonly ended?: Readonly<Record<string, OrderedAlert>>
  /**
   * Groups of the alerts whose end has not been sent yet, by alert id. Without them, the resolved alert could be sent to another
   * group after a change of the routes, and the original receivers would never be notified of it.
   */
  readonly routed?: Readonly<Record<string, readonly Target[]>>
}

export interface FiringAlert {
  readonly alert: FiredAlert
  readonly sequence?: OrderedAlert['sequence']
  /** W3C trace context of the fired event. It belongs to the trace of the reading that caused the alert. */
  readonly traceparent?: string
  /** Time at which the fired event was written, in milliseconds since the epoch. States of earlier versions do not have it. */
  readonly writtenMs?: number
}

/**
 * Reason of a decision.
 * - `fired`: the alert fires, and was sent to its groups.
 * - `repeated`: the same alert was processed before.
 * - `late`: the alert is older than the latest one, for example because alerting repeated its events.
 * - `resolved`: the alert has ended, and its end was sent to its groups.
 * - `not-firing`: the alert to resolve is not firing. The end of an alert that never arrived is sent nevertheless.
 */
type Reason = 'fired' | 'repeated' | 'late' | 'resolved' | 'not-firing'

type State = FiringAlerts | undefined

/** Returns the part of the consumer that reads the alerts topic. */
export function firingAlerts(routes: NotificationRoutes): ProcessPart<FiringAlerts, Muting> {
  return {
    on: {
      [ALERT_FIRED_TYPE]: (state, event: TypedEvent<FiredAlert>, step) =>
        applyFired(routes, state, event, step),
      [ALERT_RESOLVED_TYPE]: (state, event: TypedEvent<ResolvedAlert>, step) =>
        applyResolved(routes, state, event, step),
    },
  }
}

/** Returns the alerts of a stored state that fire. */
export function listFiringAlerts(stored: FiringAlerts): readonly FiringAlert[] {
  return Object.values(stored.alerts)
}

function applyFired(
  routes: NotificationRoutes,
  state: State,
  event: TypedEvent<FiredAlert>,
  step: Step,
): State {
  const alert = event.data
  const { alertId, fingerprint } = alert
  const latest = findLatestAlert(state, fingerprint)
  const own = orderedAlert(alert, event)
  const targets = state?.routed?.[alertId]
  if (latest?.alertId === alertId) return complete(step, 'repeated', state)
  if (latest && isBefore(own, latest)) return complete(step, 'late', state)
  const { extensions: { traceparent } = {}, writtenMs } = event
  const entry = omitUndefined({ alert, sequence: own.sequence, traceparent, writtenMs })
  const next = addFiringAlert(state, fingerprint, entry)
  if (targets) return complete(step, 'fired', next)
  const routed = findTargets(routes, alert)
  emitAlert(step, routed, alert)
  return complete(step, 'fired', { ...next, routed: { ...next.routed, [alertId]: routed } })
}

/**
 * Applies a resolved event. It also removes an older alert of the same fingerprint, whose resolved event never arrived because the
 * state of alerting was lost.
 */
function applyResolved(
  routes: NotificationRoutes,
  state: State,
  event: TypedEvent<ResolvedAlert>,
  step: Step,
): State {
  const alert = event.data
  const { fingerprint, alertId } = alert
  const own = orderedAlert(alert, event)
  const latest = findLatestAlert(state, fingerprint)
  const { [alertId]: targets, ...routed } = state?.routed ?? {}
  const hasEnded =
    !targets && latest?.alertId === alertId && findFiringAlert(state, fingerprint) === undefined
  // If the groups are not known, the alert is routed anew. A group that does not contain the alert ignores its end.
  if (!hasEnded) emitAlert(step, targets ?? findTargets(routes, alert), alert)
  if (latest && isBefore(own, latest)) {
    const ended = { [fingerprint]: own, ...state?.ended }
    return complete(step, 'not-firing', { alerts: {}, ...state, ended, routed })
  }
  const firing = findFiringAlert(state, fingerprint)
  const { [fingerprint]: _, ...alerts } = state?.alerts ?? {}
  const mayFire = firing?.alert.alertId !== alertId || isClock({ entity: formatEntity(alert.entity) })
  const isKept = mayFire || Object.hasOwn(state?.ended ?? {}, fingerprint)
  const ended = isKept ? { ...state?.ended, [fingerprint]: own } : state?.ended
  return complete(step, firing ? 'resolved' : 'not-firing', { alerts, ...(ended && { ended }), routed })
}

/** Sets the reason, and returns the next state, or undefined if nothing has to be stored. */
function complete(step: Step, reason: Reason, state: State): State {
  step.reason(reason)
  const { alerts, ended, routed } = state ?? {}
  return Object.keys({ ...alerts, ...ended, ...routed }).length === 0 ? undefined : state
}

function emitAlert(step: Step, targets: readonly Target[], alert: Alert): void {
  // Emit the inhibition first, because alerts that it mutes may follow immediately.
  if (isInhibiting(alert)) emitInhibition(step, alert)
  for (const target of targets) emitRoutedAlert(step, target, alert)
}

function findFiringAlert(state: State, fingerprint: string): FiringAlert | undefined {
  const alerts = state?.alerts ?? {}
  return Object.hasOwn(alerts, fingerprint) ? alerts[fingerprint] : undefined
}

/**
 * Returns the firing alert of a fingerprint. If none is firing, returns the last alert that ended, or undefined if that is unknown.
 */
function findLatestAlert(state: State, fingerprint: string): OrderedAlert | undefined {
  const firing = findFiringAlert(state, fingerprint)
  if (firing) return { ...firing.alert, sequence: firing.sequence }
  const ended = state?.ended ?? {}
  return Object.hasOwn(ended, fingerprint) ? ended[fingerprint] : undefined
}

function addFiringAlert(state: State, fingerprint: string, alert: FiringAlert): FiringAlerts {
  return { ...state, alerts: { ...state?.alerts, [fingerprint]: alert } }
}
