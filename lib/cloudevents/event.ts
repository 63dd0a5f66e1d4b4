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
  const event: Record<string, unknown> = {}
  let extensions: Record<string, string> | undefined
  for (const [name, value] of attributes) {
    if (CONTEXT.has(name)) event[name] = value
    else if (name !== 'specversion') {
      extensions ??= {}
      extensions[name] = value
    }
  }
  Object.assign(event, payload, extensions && { extensions })
  return event as unknown as Event
}

/** Its attributes: what a reader would check. */
export function attributesOf({ data: _, extensions, ...context }: Event): Attributes {
  const attributes = new Map([['specversion', '1.0']])
  for (const named of [context, extensions ?? {}])
    for (const [name, value] of Object.entries(named)) if (value !== undefined) attributes.set(name, value)
  return attributes
}

/** Tells a fault from an event. */
export function isFault(result: object): result is Fault {
  return 'code' in result && 'message' in result
}
