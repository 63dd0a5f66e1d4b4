import type { Event } from '../domain/event.ts'
import type { Fault } from '../domain/failure/codes.ts'
import type { Attributes } from './attributes.ts'

const CONTEXT: ReadonlySet<string> = new Set([
  'id',
  'source',
  'type',
  'subject',
  'time',
  'datacontenttype',
  'dataschema',
])

/** Attributes that passed the check, and the data, as an event. */
export function toEvent(attributes: Attributes, payload: { readonly data?: unknown }): Event {
  const own: Record<string, string> = {}
  const extensions: Record<string, string> = {}
  for (const [name, value] of attributes) {
    if (CONTEXT.has(name)) own[name] = value
    else if (name !== 'specversion') extensions[name] = value
  }
  const event = { ...own, ...payload } as unknown as Event
  return Object.keys(extensions).length > 0 ? { ...event, extensions } : event
}

/** Tells a fault from an event. */
export function isFault(result: object): result is Fault {
  return 'code' in result && 'message' in result
}
