/** Converts texts so that every database stores and indexes them. Pure. */
import { derivedId } from '#runtime/consumer/index.ts'
import { isObject } from '../support/json.ts'

/** Maximum length of a text in a key, in bytes of UTF-8. PostgreSQL rejects index entries above 2,704 bytes. */
const MAX_KEY_BYTES = 800

/** Returns a text that every database stores unchanged. NUL, which PostgreSQL rejects, and lone surrogates become U+FFFD. */
function toStorable(text: string): string {
  return text.replaceAll('\0', '\u{fffd}').toWellFormed()
}

/** Returns a text for an index. The end of a text that is too long is replaced by its hash. */
export function toKey(text: string): string {
  const stored = toStorable(text)
  if (Buffer.byteLength(stored) <= MAX_KEY_BYTES) return stored
  return `${toStorable(stored.slice(0, MAX_KEY_BYTES / 8))}…${derivedId(text)}`
}

export function toText(value: unknown): string | null {
  return typeof value === 'string' ? toStorable(value) : null
}

/** Returns the columns `source` and `subject` of the statistics of a sensor. */
export function toSensorKey(source: string, subject = ''): [source: string, subject: string] {
  return [toKey(source), toKey(subject)]
}

/** Returns JSON with texts that every database stores. Members whose names become equal keep names of their own. */
export function toStorablePart(part: unknown): unknown {
  if (typeof part === 'string') return toStorable(part)
  if (!isObject(part)) return part
  const stored = new Map<string, unknown>()
  for (const [name, value] of Object.entries(part)) {
    let free = toStorable(name)
    // No member takes the place of another one.
    while (free !== name && (Object.hasOwn(part, free) || stored.has(free))) free += '\u{fffd}'
    stored.set(free, value)
  }
  return Object.fromEntries(stored)
}
