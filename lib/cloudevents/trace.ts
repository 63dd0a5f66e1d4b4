/** Trace context of events: CloudEvents "Distributed Tracing" extension, values by W3C Trace Context, level 1. */
import { createHash } from 'node:crypto'
import type { Event } from '../domain/event.ts'

const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$/

/**
 * The trace context of what `cause` brought about: the same trace, with a span id derived from the new event's id, so
 * that a repeat of the event is the same to the letter. Empty where the cause has no (valid) context.
 */
export function continuedTrace(cause: Pick<Event, 'extensions'>, id: string): Record<string, string> {
  const match = TRACEPARENT.exec(cause.extensions?.traceparent ?? '')
  if (!match) return {}
  const tracestate = cause.extensions?.tracestate
  return {
    traceparent: `00-${match[1]}-${digest(id).slice(0, 16)}-${match[2]}`,
    ...(tracestate ? { tracestate } : {}),
  }
}

/** The trace context alone, of what may hold other extensions. */
export function traceOf({ extensions = {} }: Pick<Event, 'extensions'>): Record<string, string> {
  const { traceparent, tracestate } = extensions
  return traceparent ? { traceparent, ...(tracestate ? { tracestate } : {}) } : {}
}

/** The trace that an event starts when its producer was given none: ids derived from the event's own, sampled. */
export function startedTrace(event: Pick<Event, 'source' | 'id'>): Record<string, string> {
  const hash = digest(`${event.source} ${event.id}`)
  return { traceparent: `00-${hash.slice(0, 32)}-${hash.slice(32, 48)}-01` }
}

/** The trace id for logs; undefined where the event carries none. */
export function traceIdOf(event: Pick<Event, 'extensions'>): string | undefined {
  return TRACEPARENT.exec(event.extensions?.traceparent ?? '')?.[1]
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
