/** Makes one attempt to deliver a message to a webhook, in one request or several, and interprets the responses. */
import { confirmDelivery, type Delivered, omitUndefined, reject, retry } from '#runtime/consumer'
import { isOpen, type NotificationMessage, type Part, sluiceBody } from '../message.ts'
import type { Format, WebhookReceiver } from '../receiver.ts'
import { findChatFailure } from './chat.ts'
import { pagerdutyParts } from './pagerduty.ts'
import { webhookHeaders } from './signature.ts'
import { slackBody } from './slack.ts'
import { teamsBody } from './teams.ts'

/** URL of a webhook, the keys that sign requests to it, and additional headers. */
export interface WebhookAccess {
  readonly url: string
  /** Signing keys. The first key is the current one. */
  readonly keys: readonly Buffer[]
  readonly headers: Readonly<Record<string, string>>
  /** Integration key of PagerDuty. It is a secret, and part of each body. */
  readonly routingKey?: string
}

export interface PostRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly timeoutMs: number
  readonly allowPrivate: boolean
  /** True to return the response body; otherwise it is discarded. */
  readonly readsBody?: true
}

/** Result of a request. `why` never contains the URL, because the URL can be a secret. */
export type PostAnswer =
  | {
      readonly kind: 'status'
      readonly status: number
      readonly retryAfter?: string
      /** Beginning of the response body, as far as it arrives in time. Never rejects. It must not be logged. */
      readonly body?: Promise<string>
    }
  | { readonly kind: 'no-answer'; readonly why: string; readonly timedOut: boolean }
  /** Permanent rejection. No request was sent. */
  | { readonly kind: 'refused'; readonly why: string }

export interface WebhookPorts {
  /** Sends a request. Never rejects, and always settles within the timeout. */
  post(request: PostRequest): Promise<PostAnswer>
  /**
   * Returns the URL and the credentials of a receiver.
   *
   * @throws Error if the receiver's secret cannot be read or is incomplete
   */
  access(receiver: WebhookReceiver): Promise<WebhookAccess>
  nowMs(): number
  pause(ms: number): Promise<void>
}

export interface Attempt {
  readonly outcome: Delivered
  /** Reason why the receiver gave no answer in time, or could not be called; absent if it answered. */
  readonly noAnswer?: string
  /** Time that the receiver asked to wait before the next request, in milliseconds. */
  readonly retryAfterMs?: number
}

type ToParts = (message: NotificationMessage, access: WebhookAccess) => readonly Part[]

const FORMATS: Readonly<Record<Format, ToParts>> = {
  sluice: message => [{ body: sluiceBody(message) }],
  slack: message => [{ body: slackBody(message) }],
  teams: message => [{ body: teamsBody(message) }],
  pagerduty: (message, { routingKey = '' }) => pagerdutyParts(message, routingKey),
}

/** Formats of chats, which may report a failure in the body of a successful response. */
const CHATS: ReadonlySet<Format> = new Set(['slack', 'teams'])

/**
 * Sends a message, or those parts of it that the receiver has not accepted yet. A part that is not accepted does not hold up the
 * others, unless the receiver wants a pause or cannot be reached.
 *
 * @param untilMs time after which no further part is sent
 */
export async function attempt(
  receiver: WebhookReceiver,
  message: NotificationMessage,
  ports: WebhookPorts,
  untilMs = Number.POSITIVE_INFINITY,
): Promise<Attempt> {
  const { name, format } = receiver
  const access = await ports.access(receiver).catch((error: Error) => error)
  // Treat an unreadable secret like a timeout, so that it is not requested again for each message.
  if (access instanceof Error) {
    const why = `${name}: ${access.message}`
    return { outcome: retry(why, why), noAnswer: access.message }
  }
  const parts = FORMATS[format](message, access)
  const attempts: PartAttempt[] = []
  const left = new Set<string>()
  const why = `${name}: not sent: its batch took too long`
  const late: PartAttempt = { outcome: retry(why, why), isLast: true }
  for (const { key = '', body } of parts.filter(({ key }) => !key || isOpen(message, name, key))) {
    const isLate = attempts.length > 0 && ports.nowMs() > untilMs
    if (!attempts.at(-1)?.isLast)
      attempts.push(isLate ? late : await post(receiver, access, message, body, ports))
    if (attempts.at(-1)?.outcome.kind !== 'delivered') left.add(key)
  }
  return combineParts(attempts, [...left], parts, name)
}

/** Attempt to send one part. */
interface PartAttempt extends Attempt {
  /** True if no further part is sent after this one. */
  readonly isLast: boolean
}

async function post(
  receiver: WebhookReceiver,
  access: WebhookAccess,
  message: NotificationMessage,
  part: object,
  ports: WebhookPorts,
): Promise<PartAttempt> {
  const { name, format, timeoutMs, allowPrivate } = receiver
  const body = JSON.stringify(part)
  const headers = {
    ...receiver.headers,
    ...access.headers,
    // Microsoft asks for the encoding if there are characters beyond ASCII.
    'content-type': `application/json${format === 'teams' ? '; charset=utf-8' : ''}`,
    'user-agent': 'sluice',
    ...webhookHeaders(message.notification.notificationId, ports.nowMs(), body, access.keys),
  }
  const chat = CHATS.has(format) ? ({ readsBody: true } as const) : {}
  const answer = await ports.post({ url: access.url, headers, body, timeoutMs, allowPrivate, ...chat })
  const said = chat.readsBody && answer.kind === 'status' ? await answer.body : ''
  const tried = toAttempt(name, answer, findChatFailure(said ?? ''), ports.nowMs())
  const isThrottled = answer.kind === 'status' && answer.status === 429
  return { ...tried, isLast: answer.kind !== 'status' || isThrottled || tried.retryAfterMs !== undefined }
}

/** Returns one result for all parts. It names the parts that are left, unless it is all of them. */
function combineParts(
  attempts: readonly PartAttempt[],
  left: readonly string[],
  parts: readonly Part[],
  name: string,
): Attempt {
  const failed = attempts.flatMap(({ outcome }) => (outcome.kind === 'delivered' ? [] : [outcome]))
  const outcome = failed.find(({ kind }) => kind === 'retry') ?? failed[0]
  if (!outcome) return { outcome: confirmDelivery('delivered') }
  const { isLast: _, ...last } = attempts.at(-1) as PartAttempt
  const count = new Set(parts.map(({ key }) => key)).size
  if (count < 2) return { ...last, outcome }
  const why = `${outcome.why}; ${left.length} of ${count} events are not accepted`
  const receivers = left.length === count ? {} : { receivers: left.map(key => `${name}/${key}`) }
  return { ...last, outcome: { ...outcome, why, safeMessage: why, ...receivers } }
}

/** Status codes below 500 after which a request may be retried: 408 Request Timeout, 425 Too Early, 429 Too Many Requests. */
const NOT_NOW = new Set([408, 425, 429])

/**
 * Converts a response to the outcome of the attempt. Reasons may be logged: they contain no part of the notification. Source: Standard
 * Webhooks 1.0.0, "Delivery success and failure".
 */
function toAttempt(name: string, answer: PostAnswer, failure: string | undefined, nowMs: number): Attempt {
  if (answer.kind !== 'status') {
    const why = `${name}: ${answer.why}`
    if (answer.kind === 'refused') return { outcome: reject(why, why) }
    return { outcome: retry(why, why), ...(answer.timedOut ? { noAnswer: answer.why } : {}) }
  }
  const { status, retryAfter } = answer
  const isAccepted = status >= 200 && status < 300
  if (isAccepted && failure === undefined) return { outcome: confirmDelivery('delivered') }
  const redirects = status >= 300 && status < 400
  const redirect = redirects ? ', a redirect, which is not followed: use the final URL' : ''
  const hint = isAccepted ? `, but its response reports a failure: ${failure}` : redirect
  const why = `${name}: answered with status ${status}${hint}`
  if (!isAccepted && status < 500 && !NOT_NOW.has(status)) return { outcome: reject(why, why) }
  return { outcome: retry(why, why), ...omitUndefined({ retryAfterMs: parseRetryAfter(retryAfter, nowMs) }) }
}

/** The present form of a date and the two obsolete ones. Source: RFC 9110, section 5.6.7. */
const HTTP_DATE =
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)(, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT|(s|nes|rs|ur)?day, \d\d-[A-Z][a-z]{2}-\d\d [\d:]{8} GMT| [A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4})$/

/** Parses a `Retry-After` header, which contains seconds or a date. Source: RFC 9110, section 10.2.3. */
function parseRetryAfter(retryAfter = '', nowMs: number): number | undefined {
  if (/^\d+$/.test(retryAfter)) return Number(retryAfter) * 1_000
  const atMs = HTTP_DATE.test(retryAfter) ? Date.parse(`${retryAfter.replace(/ GMT$/, '')} GMT`) : Number.NaN
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs)
}
