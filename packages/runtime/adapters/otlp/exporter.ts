/**
 * Sends spans to a collector by OTLP/HTTP in JSON, with Node's built-in `fetch`. OpenTelemetry's SDK is not used, because it would
 * generate its own ids and times, and because its transport is still at version 0.x.
 */
import { answerText } from '@sluice/schema-registry'
import { SPAN_KINDS, type Span } from './spans.ts'

export interface OtlpSettings {
  /** Base URL of the collector. */
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  /** Returns additional headers from a secret. Called for each export, so the result may change. */
  readonly secretHeaders?: () => Promise<Readonly<Record<string, string>>>
}

type Headers = Readonly<Record<string, string>>

/**
 * Called when spans were dropped. The details may be logged; they never contain headers, because headers may contain credentials.
 */
export type Dropped = (count: number, reason: string, details?: Record<string, unknown>) => void

/** Maximum number of spans per request, about half a megabyte. */
const REQUEST_SPANS = 500
/**
 * Maximum number of spans per invocation. Encoding them takes a tenth of a second, and sending them must take at most one second.
 */
const MAX_SPANS = 5_000
/** Pause after a failure, in milliseconds, because each attempt may take the whole timeout of an export. */
const PAUSE_MS = 30_000

export class OtlpExporter {
  readonly #url: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #secretHeaders: OtlpSettings['secretHeaders']
  readonly #resource: Readonly<Record<string, string>>
  readonly #dropped: Dropped
  readonly #now: () => number
  #spans: Span[] = []
  #pausedUntilMs = 0

  /**
   * Creates an exporter.
   *
   * @param resource attributes of the function that sends the spans
   */
  constructor(
    { endpoint, headers, secretHeaders }: OtlpSettings,
    resource: Readonly<Record<string, string>>,
    dropped: Dropped,
    now: () => number = Date.now,
  ) {
    this.#url = `${endpoint.replace(/\/+$/, '')}/v1/traces`
    this.#headers = headers
    this.#secretHeaders = secretHeaders
    this.#resource = resource
    this.#dropped = dropped
    this.#now = now
  }

  /** Stores spans for the next export. */
  add(spans: readonly Span[]): void {
    const room = MAX_SPANS - this.#spans.length
    for (const span of spans.slice(0, room)) this.#spans.push(span)
    if (spans.length > room) this.#dropped(spans.length - room, 'too-many')
  }

  /** Sends all stored spans within a time limit, or drops them. Never rejects. */
  async export(withinMs: number): Promise<void> {
    const spans = this.#spans
    this.#spans = []
    if (spans.length === 0) return
    if (this.#now() < this.#pausedUntilMs) return this.#dropped(spans.length, 'paused')
    if (withinMs <= 0) return this.#dropped(spans.length, 'out-of-time')
    const signal = AbortSignal.timeout(withinMs)
    const headers = await this.#allHeaders(signal)
    if (!headers) return this.#dropAndPause(spans.length, 'no-credentials')
    const requests = Array.from({ length: Math.ceil(spans.length / REQUEST_SPANS) }, (_, index) =>
      spans.slice(index * REQUEST_SPANS, (index + 1) * REQUEST_SPANS),
    )
    await Promise.all(requests.map(request => this.#send(request, headers, signal)))
  }

  /**
   * Returns the headers of a request; undefined if the secret cannot be read in time. The error is not reported, because its
   * message may contain parts of the secret.
   */
  async #allHeaders(signal: AbortSignal): Promise<Headers | undefined> {
    const late = Promise.withResolvers<undefined>()
    signal.addEventListener('abort', () => late.resolve(undefined), { once: true })
    const secret = this.#secretHeaders ? this.#secretHeaders().catch(() => undefined) : {}
    const read = await Promise.race([secret, late.promise])
    return read && { ...this.#headers, ...read, 'content-type': 'application/json' }
  }

  async #send(spans: readonly Span[], headers: Headers, signal: AbortSignal): Promise<void> {
    try {
      const response = await this.#post(encodeSpans(spans, this.#resource), headers, signal)
      const answer = await answerText(response)
      if (!response.ok) return this.#dropAndPause(spans.length, 'refused', { status: response.status })
      const rejected = countRejected(answer)
      if (rejected > 0) this.#dropped(Math.min(rejected, spans.length), 'rejected')
    } catch (error) {
      const isLate = (error as Error).name === 'TimeoutError'
      this.#dropAndPause(spans.length, isLate ? 'no-answer' : 'unreachable', { code: getErrorCode(error) })
    }
  }

  /**
   * Sends a request, and retries once if the connection broke: connections do not survive a freeze of the execution environment.
   */
  async #post(body: string, headers: Headers, signal: AbortSignal): Promise<Response> {
    // Do not follow redirects, because the credentials are only for this endpoint.
    const post = () => fetch(this.#url, { method: 'POST', headers, body, signal, redirect: 'error' })
    return post().catch(error => {
      if (signal.aborted) throw error
      return post()
    })
  }

  #dropAndPause(count: number, reason: string, details: Record<string, unknown> = {}): void {
    this.#pausedUntilMs = this.#now() + PAUSE_MS
    this.#dropped(count, reason, details)
  }
}

/** Returns the number of rejected spans, because a collector may accept only some. */
function countRejected(answer: string): number {
  try {
    return Number(JSON.parse(answer)?.partialSuccess?.rejectedSpans ?? 0) || 0
  } catch {
    // Ignore a body that is not JSON, because the status indicates success.
    return 0
  }
}

/** Returns an error code such as `ECONNREFUSED`. The message is not used, because it may contain addresses with credentials. */
function getErrorCode(error: unknown): string | undefined {
  const { cause } = error as { cause?: { code?: unknown } }
  return typeof cause?.code === 'string' ? cause.code : undefined
}

type Attributes = Readonly<Record<string, string | number>>

/** Maximum length of an attribute value, in characters. */
const LONGEST = 1_000

const STATUS_ERROR = 2
const SAMPLED = 0x01
/**
 * Flags of OTLP about the parent span. The first is set if it is known whether the parent is remote, the second if the parent is
 * remote.
 */
const PARENT_KNOWN = 0x100
const PARENT_REMOTE = 0x200

function encodeSpans(spans: readonly Span[], resource: Attributes): string {
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: encodeAttributes(resource) },
        scopeSpans: [{ scope: { name: 'sluice' }, spans: spans.map(encodeSpan) }],
      },
    ],
  })
}

function encodeSpan(span: Span) {
  const { traceId, spanId, parentSpanId, tracestate, name, kind, fromMs, toMs, attributes } = span
  return {
    traceId,
    spanId,
    ...(tracestate ? { traceState: tracestate } : {}),
    parentSpanId,
    flags: SAMPLED | PARENT_KNOWN | (span.hasRemoteParent ? PARENT_REMOTE : 0),
    name,
    kind: SPAN_KINDS[kind],
    startTimeUnixNano: nanoseconds(fromMs),
    endTimeUnixNano: nanoseconds(toMs),
    attributes: encodeAttributes(attributes),
    status: span.isError ? { code: STATUS_ERROR } : {},
  }
}

function encodeAttributes(attributes: Attributes) {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    // Protobuf's JSON mapping represents 64-bit integers as strings.
    value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value.slice(0, LONGEST) },
  }))
}

/** Returns a string, because a JavaScript number cannot represent nanoseconds exactly. */
function nanoseconds(ms: number): string {
  return `${Math.trunc(ms)}000000`
}
