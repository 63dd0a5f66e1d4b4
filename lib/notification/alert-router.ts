/**
 * Consumer `alert-router`: sends each fired alert to its groups. The resolved alert is sent to the same groups, even if the routes
 * have changed meanwhile.
 */

import {
  decided,
  type Emission,
  type KeyedProcess,
  rejected,
} from '../../packages/runtime/consumer/process.ts'
import { ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE, type Alert } from '../alerting/alert.ts'
import { isBefore, type OrderedAlert, orderedAlert } from '../alerting/alert-order.ts'
import { inhibitionEmission, isInhibiting } from './inhibition.ts'
import { type NotificationRoutes, type Target, targetsOf } from './route.ts'
import { routedEmission } from './routed-alert.ts'

/** Groups of the firing alerts, by alert id. There is one state for each rule and entity. */
export interface RouterState {
  readonly firing: Readonly<Record<string, readonly Target[]>>
  /** Latest alert by fingerprint. */
  readonly latest?: Readonly<Record<string, LatestAlert>>
}

interface LatestAlert extends OrderedAlert {
  /**
   * True if the entry must be kept after the alert has resolved, because its fired event may still arrive. The fired event may have
   * failed and may be redriven, or several partitions of readings may report the same inhibiting alert.
   */
  readonly isKept: boolean
}

/** Reasons of the router. `no-route` cannot occur with valid routes, because the last route must match every alert. */
type RouterReason = 'routed' | 'routed-already' | 'ended-before' | 'end-routed' | 'no-route'

/**
 * Returns the consumer. It stores the groups of each alert until the alert resolves, because the routes may change meanwhile.
 * Without the stored groups, the resolved alert could be sent to a different group, and the original receivers would never be
 * notified of it.
 */
export function alertRouter(routes: NotificationRoutes): KeyedProcess<RouterState, Alert> {
  return {
    name: 'alert-router',
    trustsProducers: true,
    accepts: [ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE],
    onEvent(state, event) {
      const { data: alert } = event
      if (alert === undefined) return rejected('the alert event has no data')
      const place = orderedAlert(alert, event)
      return alert.status === 'firing'
        ? onFired(routes, state, alert, place)
        : onResolved(routes, state, alert, place)
    },
  }
}

function onFired(
  routes: NotificationRoutes,
  state: RouterState | undefined,
  alert: Alert,
  place: OrderedAlert,
) {
  const { firing, latest } = state ?? { firing: {} }
  // Several partitions can report the same inhibiting alert.
  if (firing[alert.alertId]) return decided<RouterState>('routed-already' satisfies RouterReason, state)
  const last = state?.latest?.[alert.fingerprint]
  if (last && (last.alertId === alert.alertId || isBefore(place, last)))
    return decided<RouterState>('ended-before' satisfies RouterReason, state)
  const targets = targetsOf(routes, alert)
  const reason: RouterReason = targets.length > 0 ? 'routed' : 'no-route'
  return decided<RouterState>(
    reason,
    {
      firing: { ...firing, [alert.alertId]: targets },
      latest: { ...latest, [alert.fingerprint]: { ...place, isKept: last?.isKept === true } },
    },
    emissions(targets, alert),
  )
}

function onResolved(
  routes: NotificationRoutes,
  state: RouterState | undefined,
  alert: Alert,
  place: OrderedAlert,
) {
  const { [alert.alertId]: known, ...firing } = state?.firing ?? {}
  const last = state?.latest?.[alert.fingerprint]
  if (!known && last?.alertId === alert.alertId)
    return decided<RouterState>('ended-before' satisfies RouterReason, state)
  // If the groups are not known, the resolved alert is routed anew. A group that does not contain the alert ignores it.
  const targets = known ?? targetsOf(routes, alert)
  const { [alert.fingerprint]: _, ...others } = state?.latest ?? {}
  const isKept = !known || last?.isKept === true || isInhibiting(alert)
  const later = last && isBefore(place, last) ? last : place
  const stays = isKept || firing[later.alertId] !== undefined
  const next = {
    firing,
    latest: { ...others, ...(stays && { [alert.fingerprint]: { ...later, isKept } }) },
  }
  const isNeeded = Object.keys({ ...firing, ...next.latest }).length > 0
  return decided<RouterState>(
    'end-routed' satisfies RouterReason,
    isNeeded ? next : undefined,
    emissions(targets, alert),
  )
}

function emissions(targets: readonly Target[], alert: Alert): readonly Emission[] {
  return [
    // Emit the inhibition first, because alerts that it mutes may follow immediately.
    ...(isInhibiting(alert) ? [inhibitionEmission(alert)] : []),
    ...targets.map(target => routedEmission(target, alert)),
  ]
}
