/** Stand-ins for PagerDuty's Events API v2 and for webhooks of Microsoft Teams, which check requests as the services do. */
import { text } from 'node:stream/consumers'
import { startHttpServer } from '@sluice/test-kit/http-server'

// biome-ignore lint/suspicious/noExplicitAny: JSON
export type Json = any

const listErrors = (rules: Readonly<Record<string, boolean>>) =>
  Object.keys(rules).filter(name => !rules[name])

/** Returns what the Events API v2 refuses about an event. */
export function findEventErrors(event: Json): readonly string[] {
  const { routing_key, event_action, dedup_key, payload = {}, links = [] } = event
  const isText = (value: unknown, most = Number.POSITIVE_INFINITY) =>
    typeof value === 'string' && value !== '' && [...value].length <= most
  const isTrigger = event_action === 'trigger'
  return listErrors({
    size: Buffer.byteLength(JSON.stringify(event)) <= 512_000,
    routing_key: isText(routing_key, 32) && routing_key.length === 32,
    event_action: ['trigger', 'acknowledge', 'resolve'].includes(event_action),
    dedup_key: isText(dedup_key, 255),
    summary: !isTrigger || isText(payload.summary, 1_024),
    source: !isTrigger || isText(payload.source),
    severity: !isTrigger || ['critical', 'error', 'warning', 'info'].includes(payload.severity),
    timestamp: payload.timestamp === undefined || !Number.isNaN(Date.parse(payload.timestamp)),
    links: links.every(({ href }: Json) => URL.canParse(href)),
  })
}

/** Returns what a workflow of Teams refuses about a message. It may count bytes in UTF-16. */
export function findCardErrors(body: string): readonly string[] {
  const { type, attachments } = JSON.parse(body)
  const [{ contentType, content }] = attachments
  const runs: Json[] = content.body.flatMap(({ inlines }: Json) => inlines)
  return listErrors({
    size: Math.max(Buffer.byteLength(body), 2 * body.length) <= 28 * 1_024,
    message: type === 'message' && contentType === 'application/vnd.microsoft.card.adaptive',
    card: content.type === 'AdaptiveCard' && content.version === '1.4',
    blocks: content.body.every((block: Json) => block.type === 'RichTextBlock'),
    texts: runs.every(run => run.type === 'TextRun' && run.text.isWellFormed()),
    mentions: content.msteams.entities === undefined,
    actions: content.actions.length <= 6 && content.actions.every(({ url }: Json) => URL.canParse(url)),
  })
}

/** Answers that a stand-in gives first, by deduplication key: status and `Retry-After`. */
export type Answers = Readonly<Record<string, [status: number, retryAfter?: string][]>>

/** Starts a PagerDuty, which keeps the trigger events of open alerts by deduplication key. */
export async function startPagerDuty(answers: Answers = {}) {
  const open = new Map<string, Json>()
  const keys: string[] = []
  const server = await startHttpServer(async (request, response) => {
    const event = JSON.parse(await text(request))
    const { dedup_key, event_action } = event
    keys.push(dedup_key)
    const errors = findEventErrors(event)
    const [status, retryAfter] = answers[dedup_key]?.shift() ?? [errors.length > 0 ? 400 : 202]
    if (status === 202 && event_action === 'trigger') open.set(dedup_key, event)
    if (status === 202 && event_action === 'resolve') open.delete(dedup_key)
    response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter })
    const accepted = { status: 'success', message: 'Event processed', dedup_key }
    const refused = { status: 'invalid event', message: 'Event object is invalid', errors }
    response.end(JSON.stringify(status === 202 ? accepted : refused))
  })
  return { ...server, open, keys }
}

/** Starts a workflow, which answers with status 202; or a connector, which reports all failures with status 200. */
export async function startTeams(kind: 'workflow' | 'connector') {
  return startHttpServer(async (request, response) => {
    const isRefused = findCardErrors(await text(request)).length > 0
    if (kind === 'workflow') response.writeHead(isRefused ? 413 : 202).end()
    else response.end('Webhook message delivery failed with error: endpoint returned HTTP error 413')
  })
}
