/**
 * Body of a request to a Slack incoming webhook, as a list of blocks. All blocks are plain text, because names and values come from
 * any producer: in Slack's markup they could be formatted, be links, or notify a channel. Source:
 * https://docs.slack.dev/reference/block-kit/blocks (50 blocks in a message; 150 characters in a header, 3,000 in another text). Discord accepts 2,000 in the text beside the blocks.
 */
import type { NotificationMessage } from '../message.ts'
import { truncate } from '../plain-text.ts'
import { formatChat } from './chat.ts'

export const SLACK_LIMITS = { blocks: 50, header: 150, text: 3_000, fallback: 2_000 } as const
/** Number of blocks that are not for alerts: header, number of omitted alerts, and footer. */
const FRAME = 3

/** Returns the body of a request. Pure. */
export function slackBody(message: NotificationMessage): object {
  const { title: full, lines, more, origin } = formatChat(message, SLACK_LIMITS.blocks - FRAME)
  const title = truncate(full, SLACK_LIMITS.header)
  return {
    // Slack shows this text only in push notifications. Chats that are compatible with Slack show it instead of the blocks.
    text: truncate(
      escapeMarkup([title, ...(more ? [more] : []), ...lines].join('\n')),
      SLACK_LIMITS.fallback,
    ),
    mrkdwn: false,
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      { type: 'header', text: plain(title) },
      ...lines.map(section),
      ...(more ? [section(more)] : []),
      { type: 'context', elements: [plain(origin)] },
    ],
  }
}

function section(text: string): object {
  return { type: 'section', text: plain(text) }
}

/** Returns a text object. Without `emoji`, a name such as `:fire:` is shown as it is. */
function plain(text: string): object {
  return { type: 'plain_text', text: truncate(text, SLACK_LIMITS.text), emoji: false }
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
