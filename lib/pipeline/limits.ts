/**
 * How large the attributes of an event may be. Names of entities, keys, timers and everything emitted are made of them, so
 * that a single long one would be stored and sent many times over.
 */
import type { Event } from '../domain/event.ts'

const LONGEST_ATTRIBUTE_BYTES = 4 * 1024
const ALL_ATTRIBUTES_BYTES = 32 * 1024

/** It has a limit of its own, beyond which it is left behind, and the event is taken: see `trace.ts`. */
const NOT_COUNTED = 'tracestate'

/** What is too large, in words that name the attribute and not its value; undefined where everything fits. */
export function largeAttribute(event: Event): string | undefined {
  const { data: _, extensions, ...context } = event
  let all = 0
  for (const [name, value] of Object.entries({ ...context, ...extensions })) {
    if (value === undefined || name === NOT_COUNTED) continue
    const bytes = Buffer.byteLength(value)
    if (bytes > LONGEST_ATTRIBUTE_BYTES)
      return `"${name.slice(0, 40)}" has ${bytes} bytes, and an attribute may have ${LONGEST_ATTRIBUTE_BYTES}`
    all += Buffer.byteLength(name) + bytes
  }
  return all > ALL_ATTRIBUTES_BYTES
    ? `the attributes have ${all} bytes together, and may have ${ALL_ATTRIBUTES_BYTES}`
    : undefined
}
