/** The `alert-router`: sends each alert to the group that tells of it, and its end to the same group, whatever the routes are by then. */
import { ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE, type Alert } from '../alerting/alert.ts'
import { decided, type Emission, type KeyedProcess, rejected } from '../runtime/consumer/process.ts'
import { inhibitionEmission, isInhibiting } from './inhibition.ts'
import { type NotificationRoutes, type Target, targetsOf } from './route.ts'
import { routedEmission } from './routed-alert.ts'

/** Where the alerts of a rule and entity went that still fire. */
export interface RouterState {
  readonly firing: Readonly<Record<string, readonly Target[]>>
  /** Ids of the alerts that ended last, of a rule that mutes others: each partition of readings tells of them, and some lag. */
  readonly ended?: readonly string[]
}

const MOST_ENDED = 16

/** `no-route` cannot come of checked routes, whose last one takes every alert. */
type RouterReason = 'routed' | 'routed-already' | 'ended-before' | 'end-routed' | 'no-route'

/**
 * It keeps where each alert went until that ends: were it a map, an alert that fires before the routes change would end in
 * another group, and those who were told that it fires would never hear that it does not.
 */
export function alertRouter(routes: NotificationRoutes): KeyedProcess<RouterState, Alert> {
  return {
    name: 'alert-router',
    accepts: [ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE],
    onEvent(state, { data: alert }) {
      if (alert === undefined) return rejected('an alert without data')
      if (state?.ended?.includes(alert.alertId))
        return decided<RouterState>('ended-before' satisfies RouterReason, state)
      return alert.status === 'firing' ? onFired(routes, state, alert) : onResolved(routes, state, alert)
    },
  }
}

function onFired(routes: NotificationRoutes, state: RouterState | undefined, alert: Alert) {
  const { firing, ended } = state ?? { firing: {} }
  // Several partitions can tell of one pipeline alert.
  if (firing[alert.alertId]) return decided<RouterState>('routed-already' satisfies RouterReason, state)
  const targets = targetsOf(routes, alert)
  const reason: RouterReason = targets.length > 0 ? 'routed' : 'no-route'
  return decided<RouterState>(
    reason,
    { firing: { ...firing, [alert.alertId]: targets }, ...(ended ? { ended } : {}) },
    emissions(targets, alert),
  )
}

function onResolved(routes: NotificationRoutes, state: RouterState | undefined, alert: Alert) {
  const { [alert.alertId]: known, ...firing } = state?.firing ?? {}
  // A group that does not know the alert passes over its end.
  const targets = known ?? targetsOf(routes, alert)
  const ended = isInhibiting(alert)
    ? [...(state?.ended ?? []), alert.alertId].slice(-MOST_ENDED)
    : state?.ended
  const isNeeded = ended !== undefined || Object.keys(firing).length > 0
  const next = isNeeded ? { firing, ...(ended ? { ended } : {}) } : undefined
  return decided<RouterState>('end-routed' satisfies RouterReason, next, emissions(targets, alert))
}

function emissions(targets: readonly Target[], alert: Alert): readonly Emission[] {
  return [
    // First: the alerts that it mutes may be right behind it.
    ...(isInhibiting(alert) ? [inhibitionEmission(alert)] : []),
    ...targets.map(target => routedEmission(target, alert)),
  ]
}
