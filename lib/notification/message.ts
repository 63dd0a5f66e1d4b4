/** Message to a receiver: a notification, or a digest of several late notifications. Pure. */

import { derivedId } from '../../packages/runtime/consumer/derived-id.ts'
import { instant } from '../../packages/runtime/consumer/instant.ts'
import type { Delivery } from '../../packages/runtime/consumer/sink.ts'
import type { Alert } from '../alerting/alert.ts'
import { SEVERITIES, type Severity } from '../alerting/rule.ts'
import { NOTIFICATION_TYPE, type Notification } from './notification.ts'

/** Age above which notifications are combined into a digest, in milliseconds. */
export const OLD_MS = 3_600_000

export interface Message {
  readonly notification: Notification
  /** Due time of the notification, in milliseconds since the epoch. */
  readonly atMs: number
  /** Sequence of the notification in its group. Sequences are compared as texts. */
  readonly order: string
  readonly env: string
  readonly digest?: DigestFacts
}

interface DigestFacts {
  /** Number of notifications in the digest. */
  readonly notifications: number
  /** Due time of the first notification in the digest, RFC 3339. `to` is the due time of the last one. */
  readonly from: string
  readonly to: string
}

export function messageOf({ event }: Delivery<Notification>, env: string): Message {
  if (event.data === undefined) throw new Error('a notification without data reached a sink')
  const { data: notification, timeMs: atMs, extensions } = event
  // A redriven notification keeps its sequence. Notifications are not ordered by time, because the clock of a broker can go back.
  return { notification, atMs, order: extensions?.sequence ?? instant(atMs), env }
}

/**
 * Returns the messages to include in a receiver's digest, in the order of their sequences. Old watchdogs and tests are omitted,
 * because they do not describe the current state.
 */
export function forDigest(messages: readonly Message[], receiver: string): readonly Message[] {
  return messages
    .filter(({ notification: { reason, receivers } }) => {
      return receivers.includes(receiver) && reason !== 'watchdog' && reason !== 'test'
    })
    .toSorted((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0))
}

/**
 * Combines messages for a receiver into one digest. It contains the latest notification of each group, and the latest state of each
 * alert.
 *
 * @param messages result of `forDigest`
 * @param key key from which the id is derived; the same messages must have the same key
 * @returns undefined if there are no messages
 */
export function digestOf(messages: readonly Message[], receiver: string, key: string): Message | undefined {
  const [first, last] = [messages[0], messages.at(-1)]
  if (first === undefined || last === undefined) return undefined
  const alerts = new Map<string, Alert>()
  const groups = new Map<string, Notification>()
  for (const { notification } of messages) {
    groups.set(notification.group, notification)
    for (const alert of notification.alerts) {
      // Delete the entry first, so that the alerts are ordered by their latest update.
      alerts.delete(alert.alertId)
      alerts.set(alert.alertId, alert)
    }
  }
  const latest = [...groups.values()]
  return {
    notification: {
      notificationId: derivedId(key, receiver),
      group: latest.length === 1 ? last.notification.group : 'digest',
      groupLabels: commonLabels(latest),
      status: latest.some(({ status }) => status === 'firing') ? 'firing' : 'resolved',
      reason: last.notification.reason,
      receivers: [receiver],
      alerts: [...alerts.values()],
      omitted: latest.reduce((sum, { omitted }) => sum + omitted, 0),
    },
    atMs: last.atMs,
    order: last.order,
    env: last.env,
    digest: { notifications: messages.length, from: instant(first.atMs), to: instant(last.atMs) },
  }
}

function commonLabels([first, ...others]: readonly Notification[]): Record<string, string> {
  const labels = Object.entries(first?.groupLabels ?? {})
  return Object.fromEntries(
    labels.filter(([name, value]) => others.every(({ groupLabels }) => groupLabels[name] === value)),
  )
}

/**
 * Returns the highest severity of the firing alerts. If none is firing, returns the highest severity of all alerts; undefined
 * without alerts.
 */
export function highestSeverity({ alerts }: Notification): Severity | undefined {
  const firing = alerts.filter(({ status }) => status === 'firing')
  const counted = firing.length > 0 ? firing : alerts
  return SEVERITIES.find(severity => counted.some(one => one.severity === severity))
}

/** Returns the names of the rules of all alerts without duplicates, in the order of the alerts. */
export function rulesOf({ alerts }: Notification): readonly string[] {
  return [...new Set(alerts.map(({ rule }) => rule))]
}

/**
 * Returns a message in the format `sluice`, which is used for webhooks and SNS. Source: Standard Webhooks 1.0.0, "Payload
 * structure": type, timestamp, data.
 */
export function sluiceBody({ notification, atMs, env, digest }: Message): object {
  const data = { ...notification, env, ...(digest ? { digest } : {}) }
  return { type: NOTIFICATION_TYPE, timestamp: instant(atMs), data }
}
