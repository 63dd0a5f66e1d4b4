/** Hashes by which events and records are recognised. Pure. */
import { createHash, hash } from 'node:crypto'
import { parseTime } from '../../cloudevents/attributes.ts'
import { toBuffer } from '../../cloudevents/header-bytes.ts'
import type { LogRecord } from '../../cloudevents/record.ts'
import { originalHeaders } from '../../cloudevents/redrive.ts'
import type { Event } from '../../consumer/event.ts'
import { failure } from '../../consumer/failure-codes.ts'
import { instant } from '../../consumer/instant.ts'

/** Hashes of an event's identity (96 bits) and content (64 bits), as latin1 strings of 12 and 8 characters. */
export interface Fingerprint {
  readonly id: string
  readonly digest: string
}

/**
 * Hashes the identity and the content of an event. The identity is `source` and `id`, hashed with the length of the source so that
 * no two pairs collide. The content is the type, subject, instant and data. The trace context is excluded because it differs between
 * attempts.
 *
 * @returns undefined if the data is nested more deeply than `DEEPEST_NESTING`
 */
export function fingerprint(event: Event): Fingerprint | undefined {
  const { source, id, type, subject, time, data } = event
  const text = canonicalData(data)
  if (text === undefined) return undefined
  const content = `${scalar(type)}${scalar(subject)}${scalar(time && normalizeTime(time))}${text}`
  return { id: sha256(`${source.length}:${source}${id}`, 12), digest: sha256(content, 8) }
}

const IN_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** Returns the same text for the same instant, however its offset and fraction are written: in UTC, with at least three decimals. */
function normalizeTime(time: string): string {
  if (IN_UTC.test(time)) return time
  const [, decimals = ''] = /\.(\d+)/.exec(time) ?? []
  const wholeMs = parseTime(time.replace(/\.\d+/, ''))
  const exact = withoutTrailingZeros(decimals).padEnd(3, '0')
  return Number.isNaN(wholeMs) ? time : instant(wholeMs).replace('.000Z', `.${exact}Z`)
}

/** Returns the text without trailing zeros, in linear time for any length. */
function withoutTrailingZeros(digits: string): string {
  let end = digits.length
  while (digits[end - 1] === '0') end -= 1
  return digits.slice(0, end)
}

/**
 * Maximum nesting depth of data. It is far below the depth at which the call stack overflows, which depends on how the engine
 * optimises the code.
 */
const DEEPEST_NESTING = 100

export const NESTED_TOO_DEEPLY = failure(
  'malformed-event',
  `the data is nested more than ${DEEPEST_NESTING} levels deep`,
)

/** Returns true if data is nested more deeply than an event may be. Code that recurses into such data may overflow the call stack. */
export function isNestedTooDeeply(data: unknown, level = 1): boolean {
  if (typeof data !== 'object' || data === null || Buffer.isBuffer(data)) return false
  return level > DEEPEST_NESTING || Object.values(data).some(member => isNestedTooDeeply(member, level + 1))
}

/** Serialises data so that equal data gives equal text and different data gives different text. The text is never parsed. */
function canonicalData(data: unknown): string | undefined {
  if (data === undefined) return 'none'
  if (Buffer.isBuffer(data)) return `bytes${data.toString('base64')}`
  const text = canonical(data, 1)
  return text && `json${text}`
}

/** Serialises a nested value. Sorts members by name and omits empty members, which Protobuf cannot distinguish from absent ones. */
function canonical(value: unknown, level: number): string | undefined {
  if (typeof value !== 'object' || value === null) return scalar(value)
  if (level > DEEPEST_NESTING) return undefined
  if (Array.isArray(value)) {
    const items = value.map(item => canonical(item, level + 1))
    return items.includes(undefined) ? undefined : `[${items.join('')}]`
  }
  let members = ''
  for (const name of sortedNames(value)) {
    const member = canonical((value as Record<string, unknown>)[name], level + 1)
    if (member === undefined) return undefined
    if (member !== '[]' && member !== '{}') members += scalar(name) + member
  }
  return `{${members}}`
}

/** Maximum number of names that are sorted by insertion. */
const FEW = 20

/** Returns the names of the members in the order of `sort`, which allocates more than a kilobyte for each object. */
function sortedNames(value: object): readonly string[] {
  const names = Object.keys(value)
  if (names.length > FEW) return names.sort()
  for (let end = 1; end < names.length; end += 1) {
    const name = names[end] as string
    let at = end
    for (; at > 0 && (names[at - 1] as string) > name; at -= 1) names[at] = names[at - 1] as string
    names[at] = name
  }
  return names
}

/**
 * Serialises a scalar unambiguously: strings start with their length. Lone surrogates cannot be encoded as
 * UTF-8, so they are escaped.
 */
function scalar(value: unknown): string {
  if (typeof value !== 'string') return `${value},`
  return value.isWellFormed() ? `${value.length}:${value}` : JSON.stringify(value)
}

function sha256(text: string, bytes: number): string {
  return hash('sha256', text, 'binary').slice(0, bytes)
}

/**
 * Returns the digest of a record as its producer has written it. The digest identifies the record when it is redriven. Headers are
 * sorted, because clients do not preserve their order.
 */
export function computeDigest(record: Pick<LogRecord, 'key' | 'value' | 'headers'>): string {
  const hash = createHash('sha256')
  const add = (bytes: Buffer | null) => hash.update(`${bytes?.length ?? 'null'}:`).update(bytes ?? '')
  add(record.key)
  add(record.value)
  const headers = [...originalHeaders(record)].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  for (const [name, value] of headers) {
    add(Buffer.from(name))
    add(toBuffer(value))
  }
  return hash.digest().toString('base64url', 0, 12)
}

/** Returns the digest that identifies the record in the log; undefined if its original bytes are unknown. */
export function findLogDigest(record: LogRecord): string | undefined {
  return record.decodedByLambda ? undefined : computeDigest(record)
}
