/**
 * The view of the alerts that fire now: a consumer of the alerts topic whose state is exactly those alerts, so that whoever asks
 * reads as many states as alerts fire, however many entities there are.
 */
import {
  type Acknowledgement,
  ALERT_ACKNOWLEDGED_TYPE,
  type AlertAcknowledged,
} from '../alerting/acknowledged.ts'
import {
  ALERT_FIRED_TYPE,
  ALERT_RESOLVED_TYPE,
  type Alert,
  type FiredAlert,
  type ResolvedAlert,
} from '../alerting/alert.ts'
import { isClock } from '../alerting/pipeline-down.ts'
import { entityOf, type Received, timeOf } from '../runtime/consumer/event.ts'
import { type Decided, decided, type KeyedProcess, rejected } from '../runtime/consumer/process.ts'

/**
 * The state of an entity, whose name is that of the alert's events: `/alerting`, the rule and what it watches. Rules of one name
 * with other labels share it. An entity of which nothing fires has none, except that of the clock.
 */
export interface FiringAlerts {
  /** By fingerprint: of one, a single alert can fire at a time. */
  readonly alerts: Readonly<Record<string, FiringAlert>>
  /**
   * By fingerprint: the last alert that has ended, only of the clock. Every partition of readings tells of its alert, so one that is
   * behind may say that it fires when it is over.
   */
  readonly ended?: Readonly<Record<string, EndedAlert>>
}

type EndedAlert = Pick<Alert, 'alertId' | 'startedAt'>

export interface FiringAlert {
  readonly alert: FiredAlert
  /** W3C trace context of the fired event: it continues the trace of the reading that caused it. */
  readonly traceparent?: string
  readonly acknowledged?: Acknowledgement
}

/**
 * `late`: an older alert than the one that fires, as when alerting emits again what it had emitted before. `not-firing`: what
 * resolves, or is acknowledged, does not fire.
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
  accepts: [ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE, ALERT_ACKNOWLEDGED_TYPE],
  onEvent(state, event) {
    if (event.data === undefined) return rejected('an event of an alert without data')
    switch (event.type) {
      case ALERT_FIRED_TYPE:
        return fired(state, event.data as FiredAlert, event.extensions?.traceparent)
      case ALERT_RESOLVED_TYPE:
        return resolved(state, event.data as ResolvedAlert)
      default:
        return acknowledged(state, event as Received<AlertAcknowledged>, event.data as AlertAcknowledged)
    }
  },
}

function fired(state: State, alert: FiredAlert, traceparent: string | undefined): Decided<FiringAlerts> {
  const known = latestOf(state, alert.fingerprint)
  if (known?.alertId === alert.alertId) return step('repeated', state)
  if (known && isOlder(alert, known)) return step('late', state)
  return step('fired', having(state, alert.fingerprint, { alert, ...(traceparent && { traceparent }) }))
}

/** Ends an older alert as well: one whose own end never came, because the state of alerting was lost. */
function resolved(state: State, alert: ResolvedAlert): Decided<FiringAlerts> {
  const { fingerprint, alertId, startedAt } = alert
  const latest = latestOf(state, fingerprint)
  if (latest && isOlder(alert, latest)) return step('not-firing', state)
  const reason = alertOf(state, fingerprint) ? 'resolved' : 'not-firing'
  const { [fingerprint]: _, ...alerts } = state?.alerts ?? {}
  const ended = isClock({ entity: entityOf(alert.entity) })
    ? { ...state?.ended, [fingerprint]: { alertId, startedAt } }
    : state?.ended
  return step(reason, { alerts, ...(ended && { ended }) })
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

/** The alert that fires or, where that is remembered, the last one that has ended. */
function latestOf(state: State, fingerprint: string): EndedAlert | undefined {
  const ended = state?.ended ?? {}
  return (
    alertOf(state, fingerprint)?.alert ?? (Object.hasOwn(ended, fingerprint) ? ended[fingerprint] : undefined)
  )
}

function having(state: State, fingerprint: string, alert: FiringAlert): FiringAlerts {
  return { ...state, alerts: { ...state?.alerts, [fingerprint]: alert } }
}

function isOlder(one: EndedAlert, other: EndedAlert): boolean {
  return Date.parse(one.startedAt) < Date.parse(other.startedAt)
}
