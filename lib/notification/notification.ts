/** Notification of a group of alerts, which the sinks deliver to the receivers. */

import { derivedId, type Step } from '#runtime/consumer'
import type { Alert } from '../alerting/alert.ts'
import type { EventType } from '../schemas/event-types.ts'
import type { Notification as NotificationData } from '../schemas/types.ts'
import { toDataschema } from '../telemetry/dataschema.ts'

export const NOTIFICATION_TYPE = 'io.sluice.notification.v1' satisfies EventType

/**
 * Reason for a notification.
 * - `new`: the first notification of the group.
 * - `changed`: alerts of the group have fired or resolved.
 * - `repeat`: the group is still firing.
 * - `resolved`: no alert of the group is firing any more.
 * - `test`: a test of the receivers.
 */
export type NotificationReason = 'new' | 'changed' | 'repeat' | 'resolved' | 'test'

/** Data of `io.sluice.notification.v1`. */
export interface Notification extends NotificationData {
  readonly reason: NotificationReason
  readonly alerts: readonly Alert[]
}

/**
 * Returns the id of a notification.
 *
 * @param cause values that are different for each notification of the group
 */
export function notificationId(group: string, ...cause: readonly (string | number)[]): string {
  return derivedId('notification', group, ...cause)
}

export function emitNotification(step: Step, notification: Notification): void {
  const { group } = notification
  step.emit('notifications', 'notification', notification, {
    key: group,
    type: NOTIFICATION_TYPE,
    source: '/notification',
    subject: group,
    dataschema: toDataschema(NOTIFICATION_TYPE),
  })
}
