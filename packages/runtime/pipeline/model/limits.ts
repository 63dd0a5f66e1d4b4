/** Size limits for data that is read, stored and emitted. An event or timer that exceeds a limit fails. */
import type { Event } from '../../consumer/event.ts'

/** Upper bound, in bytes of JSON, for the state and timers of one entity. Each event of the entity reads and writes all of them. */
export const MAX_ENTITY_BYTES = 1024 * 1024
/** Maximum number of timers per entity. Also the maximum number of timers that may fire before one event, see `apply`. */
export const MAX_TIMERS = 1_000
export const MAX_STEP_BYTES = 4 * 1024 * 1024

// Entity names, keys, timers and emissions contain attributes of events, so a long attribute would be stored and sent many times.

const MAX_ATTRIBUTE_BYTES = 4 * 1024
const ALL_ATTRIBUTES_BYTES = 32 * 1024

/** Attribute with a limit of its own. If it is longer, it is dropped and the event is accepted; see `trace.ts`. */
const NOT_COUNTED = 'tracestate'

/**
 * Returns an error message with the name of an attribute that is too large, but without its value. Returns undefined if all
 * attributes are within the limits.
 */
export function largeAttribute(event: Event): string | undefined {
  // Measure exactly only near the limits: a UTF-16 unit takes at most three bytes in UTF-8.
  if (3 * (countUnits(event) + countUnits(event.extensions)) <= MAX_ATTRIBUTE_BYTES) return undefined
  const { data: _, extensions, ...context } = event
  let all = 0
  for (const [name, value] of Object.entries({ ...context, ...extensions })) {
    if (value === undefined || name === NOT_COUNTED) continue
    const bytes = Buffer.byteLength(value)
    if (bytes > MAX_ATTRIBUTE_BYTES)
      return `"${name.slice(0, 40)}" has ${bytes} bytes, but an attribute may have at most ${MAX_ATTRIBUTE_BYTES}`
    all += Buffer.byteLength(name) + bytes
  }
  return all > ALL_ATTRIBUTES_BYTES
    ? `the attributes have ${all} bytes together, but may have at most ${ALL_ATTRIBUTES_BYTES}`
    : undefined
}

/** Counts the units of attributes. Other members of an event are skipped, or counted in addition if they are text. */
function countUnits(attributes: object = {}): number {
  let units = 0
  for (const name in attributes) {
    const value = (attributes as Readonly<Record<string, unknown>>)[name]
    if (typeof value === 'string') units += name.length + value.length
  }
  return units
}
