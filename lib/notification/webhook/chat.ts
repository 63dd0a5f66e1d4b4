/** Texts of a notification for chats, and failures that chats report in a successful response. Pure. */
import type { Alert } from '../../alerting/alert.ts'
import { escapeText } from '../../support/escape-text.ts'
import { isObject, parseJson } from '../../support/json.ts'
import type { NotificationMessage } from '../message.ts'
import { alertLine, formatTitle, omittedLine } from '../plain-text.ts'

/** Marks of firing alerts. They are characters, because plain text has no names of emojis. */
const MARKS: Readonly<Record<string, string>> = { critical: '🔴', warning: '🟠', info: '🔵' }

/** @param most number of alerts that the chat lists; further alerts are only counted */
export function formatChat(message: NotificationMessage, most: number) {
  const { notification, families, isDigest } = message
  const { group, reason, notificationId } = notification
  const alerts = notification.alerts.slice(0, most)
  return {
    title: formatTitle(message),
    alerts,
    lines: alerts.map(alert => `${mark(alert)} ${alertLine(families, alert)}`),
    more: isDigest ? undefined : omittedLine(notification, alerts.length),
    origin: escapeText(`${group} · ${reason} · ${notificationId}`),
  }
}

function mark({ status, severity }: Alert): string {
  return status === 'resolved' ? '✅' : (MARKS[severity] ?? '')
}

/** Members of a response that contain an error code; 0 and 200 to 299 are success. */
const CODES = ['errcode', 'error_code', 'code', 'StatusCode']

/**
 * Returns the failure that a response with status 200 reports: Slack's Web API, Microsoft Teams, Feishu, DingTalk and others answer
 * so. The text contains no part of the response. Only the beginning of a text counts, because a receiver may repeat the message.
 */
export function findChatFailure(body: string): string | undefined {
  const answer = parseJson(body)
  if (!isObject(answer)) return /^.{0,40}\bdelivery failed\b/i.test(body) ? 'delivery failed' : undefined
  const refusal = ['ok', 'success'].find(name => answer[name] === false)
  if (refusal) return `"${refusal}" is false`
  const code = CODES.find(name => /^-?(?!(0|2\d\d)$)\d+$/.test(String(answer[name])))
  return code && `"${code}" is an error code`
}
