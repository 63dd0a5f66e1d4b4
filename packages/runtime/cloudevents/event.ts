import type { Event } from '../consumer/event.ts'
import type { Failure } from '../consumer/failure-codes.ts'
import type { Attributes } from './attributes.ts'

const REQUIRED: ReadonlySet<string> = new Set(['specversion', 'id', 'source', 'type'])
const CONTEXT = new Set([...REQUIRED, 'subject', 'time', 'datacontenttype', 'dataschema'])

/**
 * Returns true for an attribute whose JSON value must be a string. Other attributes are extensions, which may also be numbers or
 * booleans.
 */
export function isStringOnly(name: string): boolean {
  return CONTEXT.has(name) || name === 'partitionkey'
}

/**
 * Creates an event from checked attributes and data.
 *
 * @param data data of the event; undefined if the event has no data
 */
export function toEvent(attributes: Attributes, data: unknown): Event {
  const event: Record<string, unknown> = {
    id: attributes.get('id'),
    source: attributes.get('source'),
    type: attributes.get('type'),
  }
  let extensions: Record<string, string> | undefined
  attributes.forEach((value, name) => {
    if (!CONTEXT.has(name)) {
      extensions ??= {}
      extensions[name] = value
    } else if (!REQUIRED.has(name)) event[name] = value
  })
  if (data !== undefined) event.data = data
  if (extensions) event.extensions = extensions
  return event as unknown as Event
}

/** Returns true for a failure. An event has no `kind` property: an extension of that name would be in `extensions`. */
export function isFailure(result: Event | Failure): result is Failure {
  return (result as Partial<Failure>).kind === 'failure'
}
