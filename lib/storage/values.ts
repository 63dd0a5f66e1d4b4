/** Converts values of events to those of columns. Pure. */
import { isTimestamp, parseTime } from '#runtime/cloudevents'
import { derivedId } from '#runtime/consumer'
import { isObject } from '../support/json.ts'

/** Type of a column. A TIMESTAMP is in milliseconds since the epoch, and JSON is its text. */
export type ColumnType = 'TEXT' | 'INTEGER' | 'REAL' | 'TIMESTAMP' | 'JSON'

export type StorableValue = string | number | null

/** Maximum length of a text in a key, in bytes of UTF-8. PostgreSQL rejects index entries above 2,704 bytes. */
const MAX_KEY_BYTES = 800
const END_MS = Date.UTC(9999, 11, 31)

/** Returns a text that every database stores unchanged. NUL, which PostgreSQL rejects, and lone surrogates become U+FFFD. */
function toStorable(text: string): string {
  return text.replaceAll('\0', '\u{fffd}').toWellFormed()
}

/** Returns a text for an index, null for a value that is not a text. The end of a text that is too long is replaced by its hash. */
export function toKey<T>(value: T): T extends string ? string : string | null
export function toKey(value: unknown): string | null {
  const stored = toText(value)
  if (stored === null || Buffer.byteLength(stored) <= MAX_KEY_BYTES) return stored
  return `${toStorable(stored.slice(0, MAX_KEY_BYTES / 8))}…${derivedId(value as string)}`
}

export function toText(value: unknown): string | null {
  return typeof value === 'string' ? toStorable(value) : null
}

/** Returns a finite number. Minus zero becomes 0, because not every database stores the difference. */
function toNumber(value: unknown): StorableValue {
  return Number.isFinite(value) ? (value as number) + 0 : null
}

export function toInteger(value: unknown): StorableValue {
  return Number.isSafeInteger(value) ? (value as number) : null
}

/** Returns a time of the years 1970 to 9999, which every database stores; otherwise null. */
function toTime(value: unknown): StorableValue {
  return typeof value === 'number' && value >= 0 && value < END_MS ? value : null
}

/** Returns the time of an RFC 3339 text, in milliseconds since the epoch; otherwise null. */
export function toMs(value: unknown): StorableValue {
  return typeof value === 'string' && isTimestamp(value) ? parseTime(value) : null
}

/** Returns JSON that every database stores. Only escaped code points can need another text. */
function toJson(value: unknown): StorableValue {
  if (!isObject(value)) return null
  const text = JSON.stringify(value)
  return text.includes('\\u') ? JSON.stringify(value, (_, part) => toStorablePart(part)) : text
}

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

/** Converts a value of each type to one that every database stores. */
export const STORABLE: Readonly<Record<ColumnType, (value: unknown) => StorableValue>> = {
  TEXT: toText,
  INTEGER: toNumber,
  REAL: toNumber,
  TIMESTAMP: toTime,
  JSON: toJson,
}
