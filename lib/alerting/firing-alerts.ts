/**
 * View of the firing alerts: a consumer of the alerts topic whose state contains all firing alerts. A query reads only the entities
 * that have firing alerts, so its cost does not depend on the total number of entities.
 */

import { entityOf, type Received, timeOf } from '../../packages/runtime/consumer/event.ts'
import {
  type Decided,
  decided,
  type KeyedProcess,
  rejected,
} from '../../packages/runtime/consumer/process.ts'
import { type Acknowledgement, ALERT_ACKNOWLEDGED_TYPE, type AlertAcknowledged } from './acknowledged.ts'
import {
  ALERT_FIRED_TYPE,
  ALERT_RESOLVED_TYPE,
  type Alert,
  type FiredAlert,
  type ResolvedAlert,
} from './alert.ts'
import { isBefore, type OrderedAlert, orderedAlert } from './alert-order.ts'
import { isClock } from './pipeline-down.ts'

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
}

export interface FiringAlert {
  readonly alert: FiredAlert
  readonly sequence?: OrderedAlert['sequence']
  /** W3C trace context of the fired event. It belongs to the trace of the reading that caused the alert. */
  readonly traceparent?: string
  readonly acknowledged?: Acknowledgement
}

/**
 * Reason of a decision.
 * - `late`: the alert is older than the firing one, for example because alerting repeated its events.
 * - `not-firing`: the alert to resolve or acknowledge is not firing.
 */
type Reason =
  | 'fired'
  | 'repeated'
  | 'late'
  | 'resolved'
  | 'not-firing'
  | 'acknowledged'
  | 'acknowledgement-removed'

type State = FiringAlerts | undefined

export const firingAlerts: KeyedProcess<FiringAlerts, Alert | AlertAcknowledged> = {
  name: 'firing-alerts',
  trustsProducers: true,
  accepts: [ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE, ALERT_ACKNOWLEDGED_TYPE],
  onEvent(state, event) {
    if (event.data === undefined) return rejected('the alert event has no data')
    switch (event.type) {
      case ALERT_FIRED_TYPE:
        return fired(state, event.data as FiredAlert, event)
      case ALERT_RESOLVED_TYPE:
        return resolved(state, event.data as ResolvedAlert, event)
      default:
        return acknowledged(state, event as Received<AlertAcknowledged>, event.data as AlertAcknowledged)
    }
  },
}

function fired(state: State, alert: FiredAlert, event: Received): Decided<FiringAlerts> {
  const known = latestOf(state, alert.fingerprint)
  const own = orderedAlert(alert, event)
  if (known?.alertId === own.alertId) return step('repeated', state)
  if (known && isBefore(own, known)) return step('late', state)
  const traceparent = event.extensions?.traceparent
  const entry = { alert, sequence: own.sequence, ...(traceparent && { traceparent }) }
  return step('fired', having(state, alert.fingerprint, entry))
}

/**
 * Applies a resolved event. It also removes an older alert of the same fingerprint, whose resolved event never arrived because the
 * state of alerting was lost.
 */
function resolved(state: State, alert: ResolvedAlert, event: Received): Decided<FiringAlerts> {
  const { fingerprint, alertId } = alert
  const own = orderedAlert(alert, event)
  const latest = latestOf(state, fingerprint)
  if (latest && isBefore(own, latest))
    return step('not-firing', { alerts: {}, ...state, ended: { [fingerprint]: own, ...state?.ended } })
  const firing = alertOf(state, fingerprint)
  const { [fingerprint]: _, ...alerts } = state?.alerts ?? {}
  const mayFire = firing?.alert.alertId !== alertId || isClock({ entity: entityOf(alert.entity) })
  const isKept = mayFire || Object.hasOwn(state?.ended ?? {}, fingerprint)
  const ended = isKept ? { ...state?.ended, [fingerprint]: own } : state?.ended
  return step(firing ? 'resolved' : 'not-firing', { alerts, ...(ended && { ended }) })
}

function acknowledged(
  state: State,
  event: Received,
  { alertId, fingerprint, acknowledged: holds, by, comment }: AlertAcknowledged,
): Decided<FiringAlerts> {
  const known = alertOf(state, fingerprint)
  if (known?.alert.alertId !== alertId) return step('not-firing', state)
  const { acknowledged: _, ...alert } = known
  if (!holds) return step('acknowledgement-removed', having(state, fingerprint, alert))
  const acknowledgement = { by, ...(comment === undefined ? {} : { comment }), at: timeOf(event) }
  return step('acknowledged', having(state, fingerprint, { ...alert, acknowledged: acknowledgement }))
}

function step(reason: Reason, state: State): Decided<FiringAlerts> {
  const isEmpty = Object.keys({ ...state?.alerts, ...state?.ended }).length === 0
  return decided(reason, isEmpty ? undefined : state)
}

function alertOf(state: State, fingerprint: string): FiringAlert | undefined {
  const alerts = state?.alerts ?? {}
  return Object.hasOwn(alerts, fingerprint) ? alerts[fingerprint] : undefined
}

/**
 * Returns the firing alert of a fingerprint. If none is firing, returns the last alert that ended, or undefined if that is unknown.
 */
function latestOf(state: State, fingerprint: string): OrderedAlert | undefined {
  const firing = alertOf(state, fingerprint)
  if (firing) return { ...firing.alert, sequence: firing.sequence }
  const ended = state?.ended ?? {}
  return Object.hasOwn(ended, fingerprint) ? ended[fingerprint] : undefined
}

function having(state: State, fingerprint: string, alert: FiringAlert): FiringAlerts {
  return { ...state, alerts: { ...state?.alerts, [fingerprint]: alert } }
}
