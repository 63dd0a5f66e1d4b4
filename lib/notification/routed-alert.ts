/** The event that brings an alert to its group: `alert-router` publishes it, and `notifier` groups what it gets. */

import type { Emission } from '../../packages/runtime/consumer/process.ts'
import type { AlertRouted } from '../../schemas/types.ts'
import type { Alert } from '../alerting/alert.ts'
import type { EventType } from '../event-types.ts'
import { dataschemaOf } from '../telemetry/dataschema.ts'
import type { Target } from './route.ts'

export const ALERT_ROUTED_TYPE = 'io.sluice.alert.routed.v1' satisfies EventType

/** CloudEvents source of everything about a group; its subject is the group. */
const NOTIFICATION_SOURCE = '/notification'

/** Data of `io.sluice.alert.routed.v1`: the group's timing is part of them, so that the log decides it. */
export interface RoutedAlert extends AlertRouted {
  readonly alert: Alert
}

/** Without a time: a group waits from when an alert reaches it, however long ago its reading was made. */
export function routedEmission(target: Target, alert: Alert): Emission {
  return {
    name: `routed ${target.group}`,
    to: 'notifications',
    key: target.group,
    type: ALERT_ROUTED_TYPE,
    source: NOTIFICATION_SOURCE,
    subject: target.group,
    dataschema: dataschemaOf(ALERT_ROUTED_TYPE),
    data: { ...target, alert } satisfies RoutedAlert,
    untimed: true,
  }
}
