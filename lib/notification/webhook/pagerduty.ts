/**
 * Events for PagerDuty's Events API v2: one for each alert, whose id is the deduplication key, and one for the alerts that a
 * notification omits. Source: https://developer.pagerduty.com/docs/send-alert-event (lengths, severities) and
 * https://developer.pagerduty.com/docs/events-api-v2-overview (512 KB, which a notification does not reach). Pure.
 */
import { derivedId } from '#runtime/consumer'
import type { Alert } from '../../alerting/alert.ts'
import { escapeText } from '../../support/escape-text.ts'
import { highestSeverity, type NotificationMessage, type Part } from '../message.ts'
import { describeAlert, formatTitle, listLinks, omittedLine, truncate } from '../plain-text.ts'

const LIMITS = { summary: 1_024, dedupKey: 255 } as const
const RESOLVE = { event_action: 'resolve' } as const
/** Severities of a digest. That of its alerts is unknown, and they may have resolved. */
const DIGEST_SEVERITIES = { firing: 'warning', resolved: 'info' } as const

/** Returns the events of a message. The key of each is the id of its alert, or `omitted`. */
export function pagerdutyParts(message: NotificationMessage, routing_key: string): readonly Part[] {
  const { env, notification } = message
  const { alerts, reason, group } = notification
  const part = (key: string, action: object, id = key): Part => {
    const dedup_key = id.length > LIMITS.dedupKey ? derivedId(id) : id
    return { key, body: { routing_key, dedup_key, ...action } }
  }
  // A test must not keep a pager ringing.
  const end = reason === 'test' ? [RESOLVE] : []
  const own = alerts.flatMap(alert =>
    [toAction(message, alert), ...end].map(action => part(alert.alertId, action)),
  )
  // A digest has no alerts, but those that its notifications have ended must not stay open.
  for (const id of message.endedIds ?? []) own.push(part(id, RESOLVE))
  const action = toOmittedAction(message)
  return action ? [...own, part('omitted', action, derivedId('group', env, group))] : own
}

function toAction(message: NotificationMessage, alert: Alert): object {
  const { rule, severity, entity, startedAt, status } = alert
  if (status === 'resolved') return RESOLVE
  const payload = {
    source: escapeText(entity.source),
    severity,
    timestamp: startedAt,
    ...(entity.subject === undefined ? {} : { component: escapeText(entity.subject) }),
    class: escapeText(rule),
  }
  const links = listLinks(alert).map(([text, href]) => ({ href, text }))
  return { ...trigger(message, describeAlert(message.families, alert), payload, alert), links }
}

/**
 * Returns the action for the event about alerts of which only the number is known; undefined if nothing happens to it. It is open
 * until its group resolves. That of a digest is open until a person resolves it, because the digest does not say what still fires.
 */
function toOmittedAction(message: NotificationMessage): object | undefined {
  const { notification, env, isDigest, isOvertaken } = message
  const { status, alerts, omitted, reason } = notification
  // An overtaken message counts alerts that are events of a later one.
  if (isOvertaken || reason === 'test') return undefined
  if (!isDigest && status === 'resolved') return RESOLVE
  if (omitted === 0) return undefined
  const severity = isDigest ? DIGEST_SEVERITIES[status] : (highestSeverity(notification) ?? 'error')
  const title = formatTitle(message)
  const summary = isDigest ? title : `${title} ${omittedLine(notification, alerts.length)}`
  return trigger(message, summary, { source: `sluice ${env}`, severity }, { omitted })
}

function trigger(
  { notification, env }: NotificationMessage,
  summary: string,
  payload: object,
  details: object,
): object {
  const { group, notificationId } = notification
  return {
    event_action: 'trigger',
    payload: {
      summary: truncate(summary, LIMITS.summary),
      ...payload,
      group: escapeText(group),
      custom_details: { ...details, env, notificationId },
    },
  }
}
