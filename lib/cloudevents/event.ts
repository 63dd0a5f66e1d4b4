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

/** Its attributes: what a reader would check. */
export function attributesOf({ data: _, extensions, ...context }: Event): Attributes {
  const named = Object.entries({ specversion: '1.0', ...context, ...extensions })
  return new Map(named.filter((attribute): attribute is [string, string] => attribute[1] !== undefined))
}

/** Tells a fault from an event. */
export function isFault(result: object): result is Fault {
  return 'code' in result && 'message' in result
}
