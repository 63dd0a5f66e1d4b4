/**
 * Body of a request to a Slack incoming webhook, as a list of blocks. Source: https://docs.slack.dev/reference/block-kit/blocks (50
 * blocks in a message; 150 characters in a header, 3,000 in the text of a section) and
 * https://docs.slack.dev/messaging/formatting-message-text#escaping.
 */
import type { Alert } from '../../alerting/alert.ts'
import type { Message } from '../message.ts'
import { alertLine, cut, formatTitle, omission } from '../plain-text.ts'

export const SLACK_LIMITS = { blocks: 50, header: 150, section: 3_000 } as const
/** Number of blocks that are not for alerts: header, number of omitted alerts, and footer. */
const FRAME = 3

const MARKS: Readonly<Record<string, string>> = {
  critical: ':red_circle:',
  warning: ':large_orange_circle:',
  info: ':large_blue_circle:',
}

/**
 * Returns the body of a request. Lengths are counted in UTF-16 code units, so they are never shorter than the number of characters.
 * Pure.
 */
export function slackBody(message: Message): object {
  const { notification } = message
  const listed = notification.alerts.slice(0, SLACK_LIMITS.blocks - FRAME)
  const more = message.isDigest ? undefined : omission(notification, listed.length)
  const title = formatTitle(message)
  const { group, reason, notificationId } = notification
  return {
    // Slack shows this text in push notifications.
    text: escapeText(cut(title, SLACK_LIMITS.header)),
    blocks: [
      {
        type: 'header',
        text: { type: 'plain_text', text: truncateText(title, SLACK_LIMITS.header), emoji: false },
      },
      ...listed.map(alert => section(`${mark(alert)} ${escapeText(alertLine(alert))}`)),
      ...(more ? [section(more)] : []),
      context(escapeText(`${group} · ${reason} · ${notificationId}`)),
    ],
  }
}

function mark({ status, severity }: Alert): string {
  return status === 'resolved' ? ':white_check_mark:' : (MARKS[severity] ?? '')
}

function section(text: string): object {
  return { type: 'section', text: { type: 'mrkdwn', text: truncateText(text, SLACK_LIMITS.section) } }
}

function context(text: string): object {
  return { type: 'context', elements: [{ type: 'mrkdwn', text: truncateText(text, SLACK_LIMITS.section) }] }
}

/** Truncates a text without splitting a surrogate pair or an escape sequence. */
function truncateText(text: string, most: number): string {
  if (text.length <= most) return text
  return `${text.slice(0, most - 1).replace(/(&[a-z]*|[\ud800-\udbff])$/, '')}…`
}

/** Escapes control characters of Slack. Otherwise an entity named `<!channel>` would notify all members of the channel. */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
