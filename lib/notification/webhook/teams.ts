/**
 * Body of a request to a workflow of Microsoft Teams that starts when a webhook request is received: one Adaptive Card. All texts are
 * text runs, which have no Markdown, because names and values come from any producer. The card names no people, so no text of it
 * mentions anyone. Source: https://learn.microsoft.com/adaptive-cards/schema-explorer/text-run and
 * https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook (28 KB in a message).
 */
import type { Alert } from '../../alerting/alert.ts'
import { highestSeverity, type NotificationMessage } from '../message.ts'
import { listLinks, truncate } from '../plain-text.ts'
import { formatChat } from './chat.ts'

const LIMITS = { bytes: 28_000, alerts: 40, title: 200, text: 1_000, actions: 6, url: 500 } as const
const COLORS: Readonly<Record<string, string>> = { critical: 'attention', warning: 'warning', info: 'accent' }

/** Returns the body of a request, with as many alerts as fit. Teams may count bytes in UTF-8 or in UTF-16. */
export function teamsBody(message: NotificationMessage, most: number = LIMITS.alerts): object {
  const body = buildBody(message, most)
  const json = JSON.stringify(body)
  const fits = Math.max(Buffer.byteLength(json), 2 * json.length) <= LIMITS.bytes
  return fits || most === 0 ? body : teamsBody(message, most - 1)
}

function buildBody(message: NotificationMessage, most: number): object {
  const { title, alerts, lines, more, origin } = formatChat(message, most)
  const isResolved = message.notification.status === 'resolved'
  const color = isResolved ? 'good' : (COLORS[highestSeverity(message.notification) ?? ''] ?? 'default')
  const card = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    msteams: { width: 'Full' },
    body: [
      block(truncate(title, LIMITS.title), { size: 'large', weight: 'bolder', color }),
      ...[...lines, ...(more ? [more] : [])].map(line => block(line)),
      block(origin, { size: 'small', isSubtle: true }),
    ],
    actions: listActions(alerts),
  }
  const contentType = 'application/vnd.microsoft.card.adaptive'
  return { type: 'message', attachments: [{ contentType, contentUrl: null, content: card }] }
}

function block(text: string, style: object = {}): object {
  const run = { type: 'TextRun', text: truncate(text, LIMITS.text), ...style }
  return { type: 'RichTextBlock', inlines: [run] }
}

/** Returns a button for each link in the labels of the alerts. */
function listActions(alerts: readonly Alert[]): readonly object[] {
  const titles = new Map(
    alerts.flatMap(alert =>
      listLinks(alert).map(([label, url]) => [url, `${label}: ${alert.rule}`] as const),
    ),
  )
  return [...titles]
    .filter(([url]) => url.length <= LIMITS.url)
    .slice(0, LIMITS.actions)
    .map(([url, title]) => ({ type: 'Action.OpenUrl', title: truncate(title, 60), url }))
}
