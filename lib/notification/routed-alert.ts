/** Event that sends an alert to its group. `notifier` publishes it for an event of `alerts`, and consumes it in `notifications`. */

import type { Step } from '#runtime/consumer'
import type { Alert } from '../alerting/alert.ts'
import type { EventType } from '../schemas/event-types.ts'
import type { AlertRouted } from '../schemas/types.ts'
import { toDataschema } from '../telemetry/dataschema.ts'
import type { Target } from './route.ts'

export const ALERT_ROUTED_TYPE = 'io.sluice.alert.routed.v1' satisfies EventType

/** CloudEvents source of all events for groups. The subject of these events is the name of the group. */
const NOTIFICATION_SOURCE = '/notification'

/** Data of `io.sluice.alert.routed.v1`. It includes the timing of the group, so that the notifications depend only on the log. */
export interface RoutedAlert extends AlertRouted {
  readonly alert: Alert
}

/**
 * Sends an alert to its group. The event has no event time, because `groupWait` starts when the alert arrives at its group. The
 * age of the reading does not matter.
 */
export function emitRoutedAlert(step: Step, target: Target, alert: Alert): void {
  const { group } = target
  const routed: RoutedAlert = { ...target, alert }
  step.emit('notifications', `routed ${group}`, routed, {
    key: group,
    type: ALERT_ROUTED_TYPE,
    source: NOTIFICATION_SOURCE,
    subject: group,
    dataschema: toDataschema(ALERT_ROUTED_TYPE),
    untimed: true,
  })
}
