/** Trace context of events, according to the CloudEvents extension "Distributed Tracing" and to W3C Trace Context, level 1. */
import { hash } from 'node:crypto'
import type { Event } from '../consumer/event.ts'
import { decodeText, type HeaderBytes } from './header-bytes.ts'

const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/

/** Returns true if the text is a `traceparent` of W3C Trace Context, version 00, such as `00-<32 hex digits>-<16>-01`. */
export function isTraceparent(text: string): boolean {
  return TRACEPARENT.test(text)
}

/**
 * Returns the trace context of an event that another event has caused. The trace is the same. The span id is derived from the new
 * event's id, so that a repeat of the event is identical. Empty if the cause has no valid context.
 */
export function continueTrace(cause: Pick<Event, 'extensions'>, id: string): Record<string, string> {
  const match = TRACEPARENT.exec(cause.extensions?.traceparent ?? '')
  if (!match) return {}
  return {
    traceparent: `00-${match[1]}-${deriveSpanId(id)}-${match[3]}`,
    ...extractTracestate(cause.extensions),
  }
}

/** Trace Context, 3.3.1.5: vendors should propagate at least this many characters, and may drop a longer value. */
const MAX_TRACESTATE_LENGTH = 512

/**
 * Returns the tracestate. A value that is too long is dropped, because every event and timer that results from this event would
 * store it.
 */
function extractTracestate(extensions: Event['extensions']): { readonly tracestate?: string } {
  const tracestate = extensions?.tracestate
  return tracestate && tracestate.length <= MAX_TRACESTATE_LENGTH ? { tracestate } : {}
}

/** Returns the extensions that contain the trace context, without other extensions. */
export function extractTrace({ extensions = {} }: Pick<Event, 'extensions'>): Record<string, string> {
  const { traceparent } = extensions
  return traceparent && TRACEPARENT.test(traceparent) ? { traceparent, ...extractTracestate(extensions) } : {}
}

/**
 * Returns the trace context in the headers of a record that is not a CloudEvent. The headers have the names of W3C Trace Context.
 */
export function extractTraceFromHeaders(
  headers: readonly (readonly [name: string, value: HeaderBytes])[],
): Record<string, string> {
  const named = headers.flatMap(([name, value]) =>
    name === 'traceparent' || name === 'tracestate' ? [[name, decodeText(value) ?? ''] as const] : [],
  )
  return named.length === 0 ? {} : extractTrace({ extensions: Object.fromEntries(named) })
}

/** Starts a new, sampled trace for an event without one. Its ids are derived from the event's source and id. */
export function startTrace(event: Pick<Event, 'source' | 'id'>): Record<string, string> {
  const own = digest(`${event.source} ${event.id}`)
  return { traceparent: `00-${own.slice(0, 32)}-${own.slice(32, 48)}-01` }
}

/** Identity of a span. Its child spans refer to it as their parent. */
export interface SpanContext {
  readonly traceId: string
  readonly spanId: string
  readonly tracestate?: string
}

/** Returns the span in which the event was created; undefined if the event has no valid context. */
export function extractSpanContext(extensions: Event['extensions']): SpanContext | undefined {
  const [, traceId, spanId] = TRACEPARENT.exec(extensions?.traceparent ?? '') ?? []
  return traceId && spanId ? { traceId, spanId, ...extractTracestate(extensions) } : undefined
}

/** Returns a span id that is derived from a name. */
export function deriveSpanId(name: string): string {
  return digest(name).slice(0, 16)
}

function digest(text: string): string {
  return hash('sha256', text, 'hex')
}
