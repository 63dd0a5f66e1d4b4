/**
 * Body of a request to a Slack incoming webhook, as a list of blocks. All blocks are plain text, because names and values come from
 * any producer: in Slack's markup they could be formatted, be links, or notify a channel. Source:
 * https://docs.slack.dev/reference/block-kit/blocks (50 blocks in a message; 150 characters in a header, 3,000 in another text). Discord accepts 2,000 in the text beside the blocks.
 */
import type { Alert } from '../../alerting/alert.ts'
import { escapeText } from '../../support/escape-text.ts'
import { isObject, parseJson } from '../../support/json.ts'
import type { Message } from '../message.ts'
import { alertLine, cut, formatTitle, omission } from '../plain-text.ts'

export const SLACK_LIMITS = { blocks: 50, header: 150, text: 3_000, fallback: 2_000 } as const
/** Number of blocks that are not for alerts: header, number of omitted alerts, and footer. */
const FRAME = 3

/** Marks of firing alerts. They are characters, because plain text has no names of emojis. */
const MARKS: Readonly<Record<string, string>> = { critical: '🔴', warning: '🟠', info: '🔵' }

/** Returns the body of a request. Pure. */
export function slackBody(message: Message): object {
  const { notification } = message
  const { group, reason, notificationId } = notification
  const listed = notification.alerts.slice(0, SLACK_LIMITS.blocks - FRAME)
  const more = message.isDigest ? undefined : omission(notification, listed.length)
  const title = cut(formatTitle(message), SLACK_LIMITS.header)
  const lines = listed.map(alert => `${mark(alert)} ${alertLine(message.families, alert)}`)
  return {
    // Slack shows this text only in push notifications. Chats that are compatible with Slack show it instead of the blocks.
    text: cut(escapeMarkup([title, ...(more ? [more] : []), ...lines].join('\n')), SLACK_LIMITS.fallback),
    mrkdwn: false,
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      { type: 'header', text: plain(title) },
      ...lines.map(section),
      ...(more ? [section(more)] : []),
      { type: 'context', elements: [plain(escapeText(`${group} · ${reason} · ${notificationId}`))] },
    ],
  }
}

function mark({ status, severity }: Alert): string {
  return status === 'resolved' ? '✅' : (MARKS[severity] ?? '')
}

function section(text: string): object {
  return { type: 'section', text: plain(text) }
}

/** Returns a text object. Without `emoji`, a name such as `:fire:` is shown as it is. */
function plain(text: string): object {
  return { type: 'plain_text', text: cut(text, SLACK_LIMITS.text), emoji: false }
}

/**
 * Escapes control characters of Slack (https://docs.slack.dev/messaging/formatting-message-text#escaping). The zero-width space keeps
 * other chats from notifying the people or the channel that a name mentions, such as `@all`.
 */
function escapeMarkup(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('@', '@\u200b')
}

/** Members of a response that contain an error code; 0 and 200 to 299 are success. */
const CODES = ['errcode', 'error_code', 'code', 'StatusCode']

/**
 * Returns the failure that a response with status 200 reports: Slack's Web API, Microsoft Teams, Feishu, DingTalk and others answer
 * so. The text contains no part of the response. Only the beginning of a text counts, because a receiver may repeat the message.
 */
export function findSlackFailure(body: string): string | undefined {
  const answer = parseJson(body)
  if (!isObject(answer)) return /^.{0,40}\bdelivery failed\b/i.test(body) ? 'delivery failed' : undefined
  const refusal = ['ok', 'success'].find(name => answer[name] === false)
  if (refusal) return `"${refusal}" is false`
  const code = CODES.find(name => /^-?(?!(0|2\d\d)$)\d+$/.test(String(answer[name])))
  return code && `"${code}" is an error code`
}
