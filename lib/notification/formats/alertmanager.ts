/**
 * Alerts for the API of Alertmanager, `POST /api/v2/alerts`: an array of labels, annotations, startsAt and endsAt.
 * Source: `postableAlerts` in https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml; that an alert without endsAt
 * resolves after `resolve_timeout`: https://prometheus.io/docs/alerting/latest/alerts_api/.
 */

import { instant } from '../../../packages/runtime/consumer/instant.ts'
import type { Alert } from '../../alerting/alert.ts'
import type { Message } from '../message.ts'

/**
 * Until when an alert that fires is taken to fire if nothing more is heard of it. It must be longer than the repeat interval of
 * routes: Alertmanager resolves an alert whose endsAt has passed.
 */
const FIRES_FOR_MS = 24 * 3_600_000
/** An alert of a test goes away by itself. */
const TEST_FIRES_FOR_MS = 60_000
/** A watchdog must be missed soon. Its interval must be shorter than this. */
const WATCHDOG_FIRES_FOR_MS = 15 * 60_000

interface PostableAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAt: string
  readonly endsAt: string
}

/** Pure. Alertmanager identifies alerts by their labels, so these are the same from firing to resolving. */
export function alertmanagerBody({ notification, atMs, env }: Message): readonly PostableAlert[] {
  const { alerts, status, reason, group, groupLabels, notificationId } = notification
  const untilMs = atMs + firesForMs(reason)
  if (alerts.length > 0) return alerts.map(alert => postable(alert, env, untilMs, notificationId))
  // Nothing but its name is known of a notification that shows no alerts, such as a watchdog.
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

/** An empty label is the same as none, and is refused by some versions. */
function nonEmpty(texts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ''))
}
