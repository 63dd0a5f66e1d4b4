/** The notification of a group of alerts, which the sinks deliver to the receivers. */

import { derivedId } from '../../packages/runtime/consumer/derived-id.ts'
import type { Emission } from '../../packages/runtime/consumer/process.ts'
import type { Notification as NotificationData } from '../../schemas/types.ts'
import type { Alert } from '../alerting/alert.ts'
import type { EventType } from '../event-types.ts'
import { dataschemaOf } from '../telemetry/dataschema.ts'

export const NOTIFICATION_TYPE = 'io.sluice.notification.v1' satisfies EventType

/**
 * `new`: the first for this group; `changed`: alerts of the group have fired or resolved since; `repeat`: the group still fires;
 * `resolved`: none of them fires any more; `watchdog`: the alert that always fires; `test`: a test of the receivers.
 */
export type NotificationReason = 'new' | 'changed' | 'repeat' | 'resolved' | 'watchdog' | 'test'

/** Data of `io.sluice.notification.v1`. */
export interface Notification extends NotificationData {
  readonly reason: NotificationReason
  readonly alerts: readonly Alert[]
}

/** @param cause distinguishes the notifications of the group */
export function notificationId(group: string, ...cause: readonly (string | number)[]): string {
  return derivedId('notification', group, ...cause)
}

export function notificationEmission(notification: Notification): Emission {
  return {
    name: 'notification',
    to: 'notifications',
    key: notification.group,
    type: NOTIFICATION_TYPE,
    source: '/notification',
    subject: notification.group,
    dataschema: dataschemaOf(NOTIFICATION_TYPE),
    data: notification,
  }
}
