/** Message to receivers: a notification, or a digest that counts late alerts. Pure. */

import { type Delivery, derivedId, instant } from '#runtime/consumer'
import { SEVERITIES, type Severity } from '../alerting/rule.ts'
import type { Families } from '../telemetry/families.ts'
import { NOTIFICATION_TYPE, type Notification } from './notification.ts'

/** Age above which notifications are counted in a digest instead of being sent, in milliseconds. */
export const OLD_MS = 3_600_000

export interface NotificationMessage {
  readonly notification: Notification
  /** Receivers that have not accepted the notification yet. */
  readonly to: readonly string[]
  /**
   * Receivers and their parts, such as `pager/<alertId>`, that have not accepted the notification after an earlier offer; absent if
   * it is the first.
   */
  readonly open?: readonly string[]
  /** Due time of the notification, in milliseconds since the epoch. */
  readonly atMs: number
  /** Sequence of the notification in its group. Sequences are compared as texts. */
  readonly order: string
  readonly env: string
  /** Families, which have the units of the alerts' values. */
  readonly families: Families
  /** True if the message is about alerts that are too old to be sent one by one. `omitted` is their number. */
  readonly isDigest?: true
  /** Ids of the alerts that the notifications of a digest have ended. */
  readonly endedIds?: readonly string[]
  /** True if it has only those alerts that are still relevant, because the receiver has accepted a later notification of the group. */
  readonly isOvertaken?: true
}

/** Body of one request. A format whose messages need several has a key for each, such as the id of an alert. */
export interface Part {
  readonly key?: string
  readonly body: object
}

export function toMessage(
  { event, receivers }: Delivery<Notification>,
  { env, families }: Pick<NotificationMessage, 'env' | 'families'>,
): NotificationMessage {
  if (event.data === undefined) throw new Error('a notification without data reached a sink')
  const { data: notification, timeMs: atMs, extensions } = event
  // A redriven notification keeps its sequence. Notifications are not ordered by time, because the clock of a broker can go back.
  const order = extensions?.sequence ?? instant(atMs)
  const to = notification.receivers.filter(
    name => receivers === undefined || selectParts(receivers, name).length > 0,
  )
  return { notification, to, ...(receivers ? { open: receivers } : {}), atMs, order, env, families }
}

/** Returns those of the names that are a receiver or, as `pager/<alertId>`, a part of its message. */
export function selectParts(names: readonly string[], receiver: string): readonly string[] {
  return names.filter(name => name === receiver || name.startsWith(`${receiver}/`))
}

/** Returns whether a receiver has not accepted a part of the message yet. */
export function isOpen({ open }: NotificationMessage, receiver: string, part: string): boolean {
  return open === undefined || open.includes(receiver) || open.includes(`${receiver}/${part}`)
}

/**
 * Returns one message about all notifications for a receiver that are too old to be sent one by one. Tests do not count, because
 * they do not describe the current state.
 *
 * @param key key from which the id is derived; the same messages must have the same key
 * @returns undefined if there are none
 */
export function buildDigest(
  messages: readonly NotificationMessage[],
  receiver: string,
  key: string,
): NotificationMessage | undefined {
  const own = messages.filter(({ to, notification: { reason } }) => {
    return to.includes(receiver) && reason !== 'test'
  })
  const [last] = own.toSorted((a, b) => (a.order < b.order ? 1 : -1))
  if (last === undefined) return undefined
  const alerts = own.flatMap(message =>
    message.notification.alerts.filter(({ alertId }) => isOpen(message, receiver, alertId)),
  )
  const listIds = (some: typeof alerts) => [...new Set(some.map(({ alertId }) => alertId))]
  const omitted = own.reduce((sum, { notification }) => sum + notification.omitted, listIds(alerts).length)
  return {
    notification: {
      notificationId: derivedId(key, receiver),
      group: 'digest',
      groupLabels: {},
      status: own.some(({ notification }) => notification.status === 'firing') ? 'firing' : 'resolved',
      reason: last.notification.reason,
      receivers: [receiver],
      alerts: [],
      omitted,
    },
    to: [receiver],
    atMs: last.atMs,
    order: last.order,
    env: last.env,
    families: last.families,
    isDigest: true,
    endedIds: listIds(alerts.filter(({ status }) => status === 'resolved')),
  }
}

/**
 * Returns the highest severity of the firing alerts. If none is firing, returns the highest severity of all alerts; undefined
 * without alerts.
 */
export function highestSeverity({ alerts }: Notification): Severity | undefined {
  const firing = alerts.filter(({ status }) => status === 'firing')
  const counted = firing.length > 0 ? firing : alerts
  return SEVERITIES.find(severity => counted.some(alert => alert.severity === severity))
}

/** Returns the names of the rules of all alerts without duplicates, in the order of the alerts. */
export function listRules({ alerts }: Notification): readonly string[] {
  return [...new Set(alerts.map(({ rule }) => rule))]
}

/**
 * Returns a message in the format `sluice`, which is used for webhooks and SNS. Source: Standard Webhooks 1.0.0, "Payload
 * structure": type, timestamp, data.
 */
export function sluiceBody({ notification, atMs, env, isDigest }: NotificationMessage): object {
  const data = { ...notification, env, ...(isDigest ? { isDigest } : {}) }
  return { type: NOTIFICATION_TYPE, timestamp: instant(atMs), data }
}
