/** Notifications for tests. Anything that is not given gets a valid default. */

import type { Event } from '#runtime/consumer'
import type { Alert } from '../../../lib/alerting/alert.ts'
import type { NotificationMessage } from '../../../lib/notification/message.ts'
import { NOTIFICATION_TYPE, type Notification } from '../../../lib/notification/notification.ts'
import type { WebhookReceiver } from '../../../lib/notification/receiver.ts'
import { FAMILIES } from '../../support/families.ts'

export const IN_PROD = { env: 'prod', families: FAMILIES }

export const AT_MS = Date.parse('2026-03-01T12:00:00Z')

/** An alert that fires; with `endedAt`, one that has resolved. */
export function alert(id: string, changes: Partial<Alert> & { endedAt?: string } = {}): Alert {
  const firing = {
    alertId: id,
    fingerprint: `fingerprint-${id}`,
    rule: 'HIGH_TEMP',
    severity: 'critical',
    status: 'firing',
    labels: { team: 'ops' },
    summary: `Extreme heat at ${id}: 52 °C, above 40 °C`,
    entity: { source: '/environment/oslo', subject: id },
    family: 'environment',
    metric: 'temperature',
    value: 52,
    threshold: 40,
    activeAt: '2026-03-01T11:58:00.000Z',
    startedAt: '2026-03-01T11:59:00.000Z',
    reason: 'condition',
  }
  const resolved = changes.endedAt === undefined ? {} : { status: 'resolved', reason: 'cleared' }
  return { ...firing, ...resolved, ...changes } as Alert
}

function notification(id: string, changes: Partial<Notification> = {}): Notification {
  return {
    notificationId: id,
    group: 'site=oslo',
    groupLabels: { site: 'oslo' },
    status: 'firing',
    reason: 'new',
    receivers: ['sns'],
    alerts: [alert(`a-${id}`)],
    omitted: 0,
    ...changes,
  }
}

export function message(
  changes: Partial<Notification> = {},
  more: Partial<NotificationMessage> = {},
): NotificationMessage {
  const order = new Date(AT_MS).toISOString()
  const made = notification('n1', changes)
  return { notification: made, to: made.receivers, atMs: AT_MS, order, ...IN_PROD, ...more }
}

/** The event of a notification; `at` is in seconds after the start. */
export function notified(
  id: string,
  { at = 0, ...changes }: Partial<Notification> & { at?: number } = {},
): Event<Notification> {
  return {
    id,
    source: '/notification',
    type: NOTIFICATION_TYPE,
    subject: changes.group ?? 'site=oslo',
    time: new Date(AT_MS + at * 1_000).toISOString(),
    datacontenttype: 'application/json',
    data: notification(id, changes),
  }
}

export function webhook(name: string, changes: Partial<WebhookReceiver> = {}): WebhookReceiver {
  return {
    name,
    kind: 'webhook',
    format: 'sluice',
    url: `https://${name}.example/hook`,
    timeoutMs: 5_000,
    allowPrivate: false,
    headers: {},
    ...changes,
  }
}
