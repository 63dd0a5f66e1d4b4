/** Content for a receiver: a notification, or one digest of several old ones. Pure. */

import { derivedId } from '../../packages/runtime/consumer/derived-id.ts'
import { instant } from '../../packages/runtime/consumer/instant.ts'
import type { Delivery } from '../../packages/runtime/consumer/sink.ts'
import type { Alert } from '../alerting/alert.ts'
import { SEVERITIES, type Severity } from '../alerting/rule.ts'
import { NOTIFICATION_TYPE, type Notification } from './notification.ts'

/** Beyond this age, notifications are folded into a digest. */
export const OLD_MS = 3_600_000

export interface Message {
  readonly notification: Notification
  /** When it was due, in milliseconds since the epoch. */
  readonly atMs: number
  /** Place among the notifications of its group, compared as text. */
  readonly order: string
  readonly env: string
  readonly digest?: DigestFacts
}

interface DigestFacts {
  /** How many notifications were folded into this one. */
  readonly notifications: number
  /** When the first and the last of them was due, RFC 3339. */
  readonly from: string
  readonly to: string
}

export function messageOf({ event }: Delivery<Notification>, env: string): Message {
  if (event.data === undefined) throw new Error('a notification without data reached a sink')
  const { data: notification, timeMs: atMs, extensions } = event
  // A redriven notification keeps its sequence. Its time does not order it: the clock of a broker can go back.
  return { notification, atMs, order: extensions?.sequence ?? instant(atMs), env }
}

/**
 * Returns the messages that a digest for a receiver is about, in their order: a redriven one comes behind those that were sent since.
 * An old watchdog or test says nothing about now, so it is left out.
 */
export function forDigest(messages: readonly Message[], receiver: string): readonly Message[] {
  return messages
    .filter(({ notification: { reason, receivers } }) => {
      return receivers.includes(receiver) && reason !== 'watchdog' && reason !== 'test'
    })
    .toSorted((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0))
}

/**
 * Folds messages for a receiver into one: the latest of each group, and each of their alerts as it was last sent.
 *
 * @param messages as `forDigest` returns them
 * @param key the same for the same messages
 * @returns undefined without messages
 */
export function digestOf(messages: readonly Message[], receiver: string, key: string): Message | undefined {
  const [first, last] = [messages[0], messages.at(-1)]
  if (first === undefined || last === undefined) return undefined
  const alerts = new Map<string, Alert>()
  const groups = new Map<string, Notification>()
  for (const { notification } of messages) {
    groups.set(notification.group, notification)
    for (const alert of notification.alerts) {
      // Deleted first, so that the order is that of the latest news.
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

/** The highest severity of the alerts that fire, or of all if none does; undefined without alerts. */
export function highestSeverity({ alerts }: Notification): Severity | undefined {
  const firing = alerts.filter(({ status }) => status === 'firing')
  const counted = firing.length > 0 ? firing : alerts
  return SEVERITIES.find(severity => counted.some(one => one.severity === severity))
}

/** The names of the rules, each once, in the order of the alerts. */
export function rulesOf({ alerts }: Notification): readonly string[] {
  return [...new Set(alerts.map(({ rule }) => rule))]
}

/**
 * The body of the format `sluice`, and the message of SNS.
 * Source: Standard Webhooks 1.0.0, "Payload structure": type, timestamp, data.
 */
export function sluiceBody({ notification, atMs, env, digest }: Message): object {
  const data = { ...notification, env, ...(digest ? { digest } : {}) }
  return { type: NOTIFICATION_TYPE, timestamp: instant(atMs), data }
}
