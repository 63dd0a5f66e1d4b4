/** The JSON event format of CloudEvents 1.0: one event in one JSON object. */
import { isUtf8 } from 'node:buffer'
import { MEDIA_TYPES } from '../consumer/data-format.ts'
import type { Event } from '../consumer/event.ts'
import { type Failure, type FailureCode, failure } from '../consumer/failure-codes.ts'
import { attributeViolation } from './attributes.ts'
import { isStringOnly, toEvent } from './event.ts'
import { isInexact, parseExact, parseWithBigInts } from './exact-json.ts'
import { findRepeatedMember, scanOutline } from './json-outline.ts'
import { isJson } from './media-type.ts'
import { isFramed } from './wire-format.ts'

/** Reads the event from the value of a structured-mode record. Returns a failure with the violated rule if it is invalid. */
export function readStructured(value: Buffer | null): Event | Failure {
  if (value === null) return failure('malformed-event', 'structured mode, but the record has no value')
  if (!isUtf8(value)) return failure('malformed-event', 'structured mode, but the value is not UTF-8')
  const text = value.toString()
  const outline = scanOutline(text)
  let parsed: unknown
  try {
    parsed = parseExact(text, outline.hasLongNumbers)
  } catch (error) {
    if (isInexact(error)) return failure('number-not-exact', error.message)
    return failure('malformed-event', 'structured mode, but the value is not JSON')
  }
  if (!isObject(parsed)) return failure('malformed-event', 'the document is not a JSON object')
  // "Context Attributes": each attribute may occur only once. Of data, only the last value would be read.
  const repeated = findRepeatedMember(text, outline, parsed)
  return repeated === undefined ? readJsonEvent(parsed) : createRepeatedFailure('malformed-event', repeated)
}

function createRepeatedFailure(code: FailureCode, name: string): Failure {
  return failure(code, `member "${name.slice(0, 40)}" occurs more than once`)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reads an event from a parsed JSON document. Returns a failure with the violated rule if it is invalid. */
export function readJsonEvent(document: unknown): Event | Failure {
  if (!isObject(document)) return failure('malformed-event', 'the document is not a JSON object')
  const attributes = new Map<string, string>()
  for (const name of Object.keys(document)) {
    const value = document[name]
    // JSON format, 2.2: null means absent. `data` is not an attribute.
    if (name === 'data' || name === 'data_base64' || value === null) continue
    const text = typeof value === 'string' ? value : canonical(value)
    if (text === undefined)
      return failure('malformed-event', `attribute "${name.slice(0, 40)}" has no CloudEvents type`)
    if (text !== value && isStringOnly(name))
      return failure('malformed-event', `attribute "${name}" is not a string`)
    attributes.set(name, text)
  }
  const broken = attributeViolation(attributes)
  if (broken) return failure('malformed-event', broken)
  const data = readPayload(document, attributes.get('datacontenttype'))
  if (data.kind === 'failure') return data
  // JSON format, 3.1.2: `data` without a content type is JSON. The format of `data_base64` without a content type is unknown.
  if ('data' in document && !attributes.has('datacontenttype'))
    attributes.set('datacontenttype', 'application/json')
  return toEvent(attributes, data.value)
}

/**
 * Returns the data of an event. JSON format, 3.1: `data` is a JSON value, or text if the content type is not
 * JSON; `data_base64` is bytes. JSON is returned as a parsed value and everything else as bytes, so that
 * events in structured and in binary mode are equal.
 */
function readPayload(document: object, contentType: string | undefined): Payload | Failure {
  const { data, data_base64: base64 } = document as { data?: unknown; data_base64?: unknown }
  const json = contentType !== undefined && isJson(contentType)
  if (base64 === undefined || base64 === null) {
    const isText = typeof data === 'string' && contentType !== undefined && !json
    if (isText && !data.isWellFormed())
      return failure('malformed-event', '"data" has an unpaired surrogate, which bytes of UTF-8 cannot have')
    return createPayload(isText ? Buffer.from(data) : data)
  }
  if ('data' in document) return failure('malformed-event', '"data" and "data_base64" are both present')
  if (typeof base64 !== 'string' || !isBase64(base64))
    return failure('malformed-event', '"data_base64" is not base64')
  const bytes = Buffer.from(base64, 'base64')
  return json && !isFramed(bytes) ? parseJsonPayload(bytes) : createPayload(bytes)
}

/** The data of an event. */
export interface Payload {
  readonly kind: 'payload'
  /** Value of the data; undefined if the event has no data. */
  readonly value: unknown
}

export function createPayload(value: unknown): Payload {
  return { kind: 'payload', value }
}

export const NOT_JSON = failure('malformed-event', 'the data is not JSON, although its content type is')

/** Parses bytes whose content type is JSON. The failure is `NOT_JSON` if they are not. */
export function parseJsonPayload(bytes: Buffer): Payload | Failure {
  if (!isUtf8(bytes)) return NOT_JSON
  const text = bytes.toString()
  const outline = scanOutline(text)
  try {
    const parsed = parseExact(text, outline.hasLongNumbers)
    const repeated = findRepeatedMember(text, outline, parsed)
    return repeated === undefined ? createPayload(parsed) : createRepeatedFailure('malformed-event', repeated)
  } catch (error) {
    // NOT_JSON omits the parser's message, which quotes the text.
    return isInexact(error) ? failure('number-not-exact', error.message) : NOT_JSON
  }
}

/**
 * Parses a JSON object, in which an integer that a double cannot represent exactly is a bigint. Returns undefined if the value is not
 * a JSON object, and a failure if it is ambiguous, or if any other number is too large for a double.
 */
export function readJsonObject(value: Buffer | string): { readonly object: object } | Failure | undefined {
  if (typeof value !== 'string' && !isUtf8(value)) return undefined
  const text = value.toString()
  try {
    const object = parseWithBigInts(text)
    if (!isObject(object)) return undefined
    const repeated = findRepeatedMember(text, scanOutline(text), object)
    return repeated === undefined ? { object } : createRepeatedFailure('mapping-failed', repeated)
  } catch (error) {
    if (isInexact(error)) return failure('number-not-exact', error.message)
    return undefined
  }
}

/**
 * Returns the canonical string ("Type System") of a boolean or an integer; undefined for any other JSON value, which cannot be an
 * attribute.
 */
function canonical(value: unknown): string | undefined {
  if (typeof value === 'boolean') return String(value)
  const integer =
    typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 2 ** 31 - (value > 0 ? 1 : 0)
  return integer ? String(value) : undefined
}

/** Converts an event to an object in the JSON event format, for a recorded stream or for structured mode. */
export function toJsonEvent(event: Event): Record<string, unknown> {
  const { extensions, data, ...attributes } = event
  const document = { specversion: '1.0', ...attributes, ...extensions }
  if (Buffer.isBuffer(data)) return { ...document, data_base64: data.toString('base64') }
  return data === undefined ? document : { ...document, data }
}

const CHARACTERS = /^[A-Za-z0-9+/]*={0,2}$/

/** Returns true for base64 with padding and without line breaks (RFC 4648, 4). `Buffer.from` would ignore invalid characters. */
function isBase64(text: string): boolean {
  return text.length % 4 === 0 && CHARACTERS.test(text)
}

/** Returns the event with its JSON data parsed. */
export function withJsonData(event: Event, body: Buffer): Event | Failure {
  const parsed = parseJsonPayload(body)
  return parsed.kind === 'failure' ? parsed : { ...inJson(event), data: parsed.value }
}

/** Returns the event with a JSON content type. Any other content type is replaced by the default JSON content type. */
export function inJson(event: Event): Event {
  return isJson(event.datacontenttype ?? '') ? event : { ...event, datacontenttype: MEDIA_TYPES.json }
}
