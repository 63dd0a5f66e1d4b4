/** The JSON event format of CloudEvents 1.0: one event in one JSON object. */
import { isUtf8 } from 'node:buffer'
import type { Event } from '../consumer/event.ts'
import { type Failure, failure } from '../consumer/failure-codes.ts'
import { attributeViolation } from './attributes.ts'
import { toEvent } from './event.ts'
import { InexactNumber, parseExact } from './exact-json.ts'
import { isFramed } from './wire-format.ts'

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** Reads the event in a structured record's value, or returns the rule that it breaks. */
export function readStructured(value: Buffer | null): Event | Failure {
  if (value === null) return failure('malformed-event', 'structured mode, but the record has no value')
  if (!isUtf8(value)) return failure('malformed-event', 'structured mode, but the value is not UTF-8')
  const text = value.toString()
  let parsed: unknown
  try {
    parsed = parseExact(text)
  } catch (error) {
    if (error instanceof InexactNumber) return failure('number-not-exact', error.message)
    return failure('malformed-event', 'structured mode, but the value is not JSON')
  }
  const event = readJsonEvent(parsed)
  // "Context Attributes": each at most once. `JSON.parse` silently keeps the last one.
  const repeated = repeatedMember(text)
  return repeated === undefined
    ? event
    : failure('malformed-event', `member "${repeated.slice(0, 40)}" is there more than once`)
}

/** The first name that occurs twice in the outermost object. The text must be JSON. */
function repeatedMember(json: string): string | undefined {
  const names = new Set<string>()
  let depth = 0
  let isName = false
  for (let at = 0; at < json.length; at += 1) {
    const sign = json[at]
    if (sign === '{' || sign === '[') depth += 1
    else if (sign === '}' || sign === ']') depth -= 1
    else if (sign === '"') {
      const end = endOfText(json, at)
      if (isName) {
        const name: string = JSON.parse(json.slice(at, end + 1))
        if (names.size === names.add(name).size) return name
      }
      at = end
    }
    // A name follows the opening brace of the object or a comma in it, perhaps after whitespace.
    if (depth === 1 && (sign === '{' || sign === ',')) isName = true
    else if (sign === '"' || depth !== 1) isName = false
  }
  return undefined
}

/** The index of the quotation mark that closes the string that begins at `start`. */
function endOfText(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); ; end = json.indexOf('"', end + 1)) {
    let escapes = 0
    while (json[end - 1 - escapes] === '\\') escapes += 1
    if (escapes % 2 === 0) return end
  }
}

/** Reads a parsed JSON document as an event, or returns the rule that it breaks. */
export function readJsonEvent(document: unknown): Event | Failure {
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    return failure('malformed-event', 'the document is not a JSON object')
  const attributes = new Map<string, string>()
  for (const [name, value] of Object.entries(document)) {
    // JSON format, 2.2: null means absent. `data` is not an attribute.
    if (name === 'data' || name === 'data_base64' || value === null) continue
    const text = canonical(value)
    if (text === undefined)
      return failure('malformed-event', `attribute "${name.slice(0, 40)}" has no CloudEvents type`)
    attributes.set(name, text)
  }
  const broken = attributeViolation(attributes)
  if (broken) return failure('malformed-event', broken)
  const data = payload(document, attributes.get('datacontenttype'))
  if (data.kind === 'failure') return data
  // JSON format, 3.1.2: `data` without a content type is JSON. The format of `data_base64` without one is unknown.
  if ('data' in document && !attributes.has('datacontenttype'))
    attributes.set('datacontenttype', 'application/json')
  return toEvent(attributes, data.value)
}

/**
 * JSON format, 3.1: `data` is a JSON value, or text if the content type is not JSON; `data_base64` is bytes. JSON is returned as
 * its value and everything else as bytes, so that an event is the same in structured and in binary mode.
 */
function payload(document: object, contentType: string | undefined): Payload | Failure {
  const { data, data_base64: base64 } = document as { data?: unknown; data_base64?: unknown }
  const json = contentType !== undefined && isJson(contentType)
  if (base64 === undefined || base64 === null) {
    return payloadOf(
      typeof data === 'string' && contentType !== undefined && !json ? Buffer.from(data) : data,
    )
  }
  if ('data' in document) return failure('malformed-event', '"data" and "data_base64" are both there')
  if (typeof base64 !== 'string' || !BASE64.test(base64))
    return failure('malformed-event', '"data_base64" is not base64')
  const bytes = Buffer.from(base64, 'base64')
  return json && !isFramed(bytes) ? parsedJson(bytes) : payloadOf(bytes)
}

/** JSON format, 3.1: the subtype is `json` or ends in `+json`; parameters are ignored. */
export function isJson(contentType: string): boolean {
  return /^[^;]*[/+]json\s*(;|$)/i.test(contentType)
}

/** The data of an event. */
export interface Payload {
  readonly kind: 'payload'
  /** Undefined if the event has no data. */
  readonly value: unknown
}

export function payloadOf(value: unknown): Payload {
  return { kind: 'payload', value }
}

/** Parses bytes whose content type says that they are JSON. */
export function parsedJson(bytes: Buffer): Payload | Failure {
  try {
    if (isUtf8(bytes)) return payloadOf(parseExact(bytes.toString()))
  } catch (error) {
    if (error instanceof InexactNumber) return failure('number-not-exact', error.message)
    // Reported below, without the parser's message, which quotes the text.
  }
  return failure('malformed-event', 'the data is not JSON, as its content type says')
}

/** "Type System": the canonical string of an attribute's value; undefined if the JSON value cannot be an attribute. */
function canonical(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  const integer =
    typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 2 ** 31 - (value > 0 ? 1 : 0)
  return integer ? String(value) : undefined
}

/** The event as a JSON object of this format, for a recorded stream or structured mode. */
export function toJsonEvent(event: Event): Record<string, unknown> {
  const { extensions, data, ...attributes } = event
  const document = { specversion: '1.0', ...attributes, ...extensions }
  if (Buffer.isBuffer(data)) return { ...document, data_base64: data.toString('base64') }
  return data === undefined ? document : { ...document, data }
}
