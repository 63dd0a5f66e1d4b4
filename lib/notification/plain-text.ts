/**
 * Notifications as plain text, for e-mails, chat messages and subjects. Names come from any producer: escaped control characters
 * cannot begin a line or reverse the reading direction. Pure.
 */

import type { Alert, ResolvedAlert } from '../alerting/alert.ts'
import { describeClearing, describeValue } from '../alerting/clearing.ts'
import { durationText } from '../support/duration.ts'
import { escapeText } from '../support/escape-text.ts'
import type { Families } from '../telemetry/families.ts'
import { highestSeverity, listRules, type NotificationMessage, OLD_MS } from './message.ts'

/** Maximum number of alerts that are listed in a text. Further alerts are only counted. */
const LISTED = 30
const RULES_IN_TITLE = 3

/** Returns a title in one line, such as `[FIRING: 2] HIGH_TEMP, HIGH_WIND (critical) prod`. */
export function formatTitle({ notification, env, isDigest }: NotificationMessage): string {
  if (isDigest) {
    const { omitted } = notification
    return `[DIGEST] ${omitted} ${omitted === 1 ? 'alert was' : 'alerts were'} older than ${durationText(OLD_MS)} ${env}`
  }
  const rules = listRules(notification)
  const named = rules.slice(0, RULES_IN_TITLE).join(', ')
  const others = rules.length > RULES_IN_TITLE ? ` and ${rules.length - RULES_IN_TITLE} more` : ''
  const severity = highestSeverity(notification)
  const about = named === '' ? notification.group : `${named}${others}`
  return escapeText(
    [`[${formatState(notification)}]`, about, ...(severity ? [`(${severity})`] : []), env].join(' '),
  )
}

function formatState({ status, reason, alerts, omitted }: NotificationMessage['notification']): string {
  if (reason === 'test') return 'TEST'
  if (status === 'resolved') return 'RESOLVED'
  return `FIRING: ${alerts.filter(alert => alert.status === 'firing').length}${omitted > 0 ? '+' : ''}`
}

/**
 * Formats an alert as one line, such as `critical HIGH_TEMP, roof-1: 52 °C, above 40 °C (since 2026-03-01T12:00:00.000Z)`. Labels that
 * are links end the line.
 */
export function alertLine(families: Families, alert: Alert): string {
  const { severity, status, startedAt } = alert
  const when =
    alert.status === 'resolved'
      ? `${startedAt} to ${alert.endedAt}, ${why(families, alert)}`
      : `since ${startedAt}`
  const state = status === 'resolved' ? 'resolved' : severity
  const links = listLinks(alert).map(([, url]) => url)
  return [`${state} ${describeAlert(families, alert)} (${escapeText(when)})`, ...links.map(escapeText)].join(
    ' ',
  )
}

/** Returns rule, entity and summary of an alert. The value is added to a summary without it. */
export function describeAlert(families: Families, alert: Alert): string {
  const { rule, summary, entity } = alert
  const value = alert.status === 'firing' ? describeValue(families, alert) : undefined
  const isShown = value === undefined || summary.includes(value.replace(`${alert.metric} is `, ''))
  return escapeText(`${rule}, ${entity.subject ?? entity.source}: ${summary}${isShown ? '' : `, ${value}`}`)
}

/** Returns the labels of an alert that are links, such as that of a runbook. */
export function listLinks({ labels }: Alert): readonly (readonly [label: string, url: string])[] {
  return Object.entries(labels).filter(([, text]) => /^https?:\/\/\S+$/.test(text))
}

/** Returns the reason why an alert resolved, such as `cleared: temperature is 21.3 °C`. */
function why(families: Families, alert: ResolvedAlert): string {
  const value = describeClearing(families, alert)
  return value === undefined ? alert.reason : `${alert.reason}: ${value}`
}

/**
 * Returns the text about alerts that are not listed; undefined if all alerts are listed.
 *
 * @param listed number of alerts that the message lists
 */
export function omittedLine(
  { alerts, omitted }: NotificationMessage['notification'],
  listed: number,
): string | undefined {
  const more = Math.max(0, alerts.length - listed) + omitted
  return more === 0 ? undefined : `and ${more} more ${more === 1 ? 'alert' : 'alerts'}`
}

/** Formats a complete message as plain text. */
export function plainText(message: NotificationMessage): string {
  const { notification } = message
  const more = message.isDigest ? undefined : omittedLine(notification, LISTED)
  return [
    formatTitle(message),
    '',
    ...notification.alerts.slice(0, LISTED).map(alert => `- ${alertLine(message.families, alert)}`),
    ...(more ? [more] : []),
    '',
    escapeText(
      `Notification ${notification.notificationId}, group ${notification.group}, reason ${notification.reason}`,
    ),
  ].join('\n')
}

/**
 * Truncates a text to a number of UTF-16 code units, which is never less than its number of characters. A truncated text ends with an
 * ellipsis, and with no half of a surrogate pair.
 */
export function truncate(text: string, most: number, ellipsis = '…'): string {
  if (text.length <= most) return text
  return text.slice(0, most - ellipsis.length).replace(/[\ud800-\udbff]$/, '') + ellipsis
}
