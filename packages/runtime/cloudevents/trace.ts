/** Trace context of events: CloudEvents "Distributed Tracing" extension, with values as in W3C Trace Context, level 1. */
import { hash } from 'node:crypto'
import type { Event } from '../consumer/event.ts'
import { type HeaderBytes, textOf } from './header-bytes.ts'

const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/

/** Whether the text is a `traceparent` of W3C Trace Context, version 00, such as `00-<32 hex digits>-<16>-01`. */
export function isTraceparent(text: string): boolean {
  return TRACEPARENT.test(text)
}

/**
 * The trace context of an event that `cause` led to: the same trace, with a span id derived from the new event's id, so that a
 * repeat of the event is identical. Empty if the cause has no valid context.
 */
export function continuedTrace(cause: Pick<Event, 'extensions'>, id: string): Record<string, string> {
  const match = TRACEPARENT.exec(cause.extensions?.traceparent ?? '')
  if (!match) return {}
  return {
    traceparent: `00-${match[1]}-${derivedSpanId(id)}-${match[3]}`,
    ...tracestateOf(cause.extensions),
  }
}

/** Trace Context, 3.3.1.5: vendors should propagate at least this many characters, and may drop a longer value. */
const MAX_TRACESTATE_LENGTH = 512

/** Drops a longer value: it would take space in every event and every timer that follows from this one. */
function tracestateOf(extensions: Event['extensions']): { readonly tracestate?: string } {
  const tracestate = extensions?.tracestate
  return tracestate && tracestate.length <= MAX_TRACESTATE_LENGTH ? { tracestate } : {}
}

/** Only the trace context among the extensions. */
export function traceOf({ extensions = {} }: Pick<Event, 'extensions'>): Record<string, string> {
  const { traceparent } = extensions
  return traceparent && TRACEPARENT.test(traceparent) ? { traceparent, ...tracestateOf(extensions) } : {}
}

/** The trace context in the headers of a record that is not a CloudEvent: those have the names of W3C Trace Context. */
export function traceInHeaders(
  headers: readonly (readonly [name: string, value: HeaderBytes])[],
): Record<string, string> {
  const named = headers.flatMap(([name, value]) =>
    name === 'traceparent' || name === 'tracestate' ? [[name, textOf(value) ?? ''] as const] : [],
  )
  return named.length === 0 ? {} : traceOf({ extensions: Object.fromEntries(named) })
}

/** A new, sampled trace for an event that has none, with ids derived from the event's source and id. */
export function startedTrace(event: Pick<Event, 'source' | 'id'>): Record<string, string> {
  const own = digest(`${event.source} ${event.id}`)
  return { traceparent: `00-${own.slice(0, 32)}-${own.slice(32, 48)}-01` }
}

/**
 * Which records have spans, by the names that OpenTelemetry has for it: as their producers sampled them, and of the others none; those
 * without trace context as well; or all, whatever their producers say.
 */
export const SAMPLERS = ['parentbased_always_off', 'parentbased_always_on', 'always_on'] as const
export type Sampler = (typeof SAMPLERS)[number]

/** A span in a trace. The spans that follow from it have it as their parent. */
export interface SpanContext {
  readonly traceId: string
  readonly spanId: string
  readonly isSampled: boolean
  readonly tracestate?: string
}

/** The span in which the event was made; undefined if the event has no valid context. */
export function spanContextOf(extensions: Event['extensions']): SpanContext | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(extensions?.traceparent ?? '') ?? []
  if (!traceId || !spanId || !flags) return undefined
  const isSampled = (Number.parseInt(flags, 16) & 1) === 1
  return { traceId, spanId, isSampled, ...tracestateOf(extensions) }
}

/** A span id derived from a name: the same name always gives the same id. */
export function derivedSpanId(name: string): string {
  return digest(name).slice(0, 16)
}

function digest(text: string): string {
  return hash('sha256', text, 'hex')
}
