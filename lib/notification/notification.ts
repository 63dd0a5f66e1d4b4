/** The event that tells people about a group of alerts: what the sinks deliver to the receivers. */
import type { Alert } from '../alerting/alert.ts'
import { derivedId } from '../runtime/consumer/derived-id.ts'
import type { Emission } from '../runtime/consumer/process.ts'
import { dataschemaOf } from '../telemetry/dataschema.ts'

export const NOTIFICATION_TYPE = 'io.sluice.notification.v1'

/**
 * `new`: the first for this group; `changed`: alerts of the group have fired or resolved since; `repeat`: the group still fires;
 * `resolved`: none of them fires any more; `watchdog`: the alert that always fires; `test`: somebody tries the receivers.
 */
export type NotificationReason = 'new' | 'changed' | 'repeat' | 'resolved' | 'watchdog' | 'test'

/** Data of `io.sluice.notification.v1`. */
export interface Notification {
  /** Identifies this notification; a receiver that has seen it drops it. */
  readonly notificationId: string
  /** Identifies the group, over all its notifications; the record key. */
  readonly group: string
  /** What the alerts of the group have in common. */
  readonly groupLabels: Readonly<Record<string, string>>
  /** `firing` as long as one alert of the group fires. */
  readonly status: 'firing' | 'resolved'
  readonly reason: NotificationReason
  /** Names of the receivers; at least one. */
  readonly receivers: readonly string[]
  /** The alerts of the group that fire, and those that have resolved since the last notification. */
  readonly alerts: readonly Alert[]
  /** How many more alerts there are than the notification has room for. */
  readonly omitted: number
}

/**
 * @param atMs when it is due, in milliseconds since the epoch: a group sends at most one at an instant
 */
export function notificationId(group: string, atMs: number): string {
  return derivedId('notification', group, atMs)
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
