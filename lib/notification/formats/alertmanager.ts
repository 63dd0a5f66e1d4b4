/**
 * Alerts for the Alertmanager API, `POST /api/v2/alerts`: an array of objects with labels, annotations, startsAt and endsAt.
 * Source: `postableAlerts` in https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml. An alert without endsAt
 * resolves after `resolve_timeout`: https://prometheus.io/docs/alerting/latest/alerts_api/.
 */

import { instant } from '../../../packages/runtime/consumer/instant.ts'
import type { Alert } from '../../alerting/alert.ts'
import type { Message } from '../message.ts'

/**
 * Time from the notification to `endsAt` of a firing alert, in milliseconds. Alertmanager resolves an alert when `endsAt` has
 * passed, so this time must be longer than the repeat interval of routes.
 */
const FIRES_FOR_MS = 24 * 3_600_000
/** Time from the notification to `endsAt` of a test alert, in milliseconds. */
const TEST_FIRES_FOR_MS = 60_000
/**
 * Time from the notification to `endsAt` of a watchdog, in milliseconds. It must be longer than the interval of the watchdog. A
 * short time lets Alertmanager detect a missing watchdog soon.
 */
const WATCHDOG_FIRES_FOR_MS = 15 * 60_000

interface PostableAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAt: string
  readonly endsAt: string
}

/**
 * Returns the body of a request. Alertmanager identifies alerts by their labels, so a firing alert and its resolution must have the
 * same labels. Pure.
 */
export function alertmanagerBody({ notification, atMs, env }: Message): readonly PostableAlert[] {
  const { alerts, status, reason, group, groupLabels, notificationId } = notification
  const untilMs = atMs + firesForMs(reason)
  if (alerts.length > 0) return alerts.map(alert => postable(alert, env, untilMs, notificationId))
  // A notification without alerts, such as a watchdog, is identified only by its group.
  const labels = nonEmpty({ ...groupLabels, alertname: group, env })
  const endsAt = instant(status === 'resolved' ? atMs : untilMs)
  return [{ labels, annotations: { notificationId }, startsAt: instant(atMs), endsAt }]
}

function firesForMs(reason: Message['notification']['reason']): number {
  if (reason === 'test') return TEST_FIRES_FOR_MS
  return reason === 'watchdog' ? WATCHDOG_FIRES_FOR_MS : FIRES_FOR_MS
}

function postable(alert: Alert, env: string, untilMs: number, notificationId: string): PostableAlert {
  const { rule, severity, labels, entity, summary, value, threshold, alertId, fingerprint, reason } = alert
  const { source, subject = '' } = entity
  return {
    labels: nonEmpty({ ...labels, alertname: rule, severity, source, subject, env }),
    annotations: nonEmpty({
      summary,
      value: value === undefined ? '' : String(value),
      threshold: threshold === undefined ? '' : String(threshold),
      reason,
      alertId,
      fingerprint,
      notificationId,
    }),
    startsAt: alert.startedAt,
    endsAt: alert.status === 'resolved' ? alert.endedAt : instant(untilMs),
  }
}

/** Removes labels with an empty value. They are equivalent to missing labels, and some versions of Alertmanager reject them. */
function nonEmpty(texts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ''))
}
