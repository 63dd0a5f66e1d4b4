/** The JSON event format of CloudEvents 1.0: one event in one JSON object. */
import { isUtf8 } from 'node:buffer'
import type { Event } from '../domain/event.ts'
import { type Fault, fault } from '../domain/failure/codes.ts'
import { attributeFault } from './attributes.ts'
import { toEvent } from './event.ts'

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** The event in a structured record's value, or the rule that it breaks. */
export function readStructured(value: Buffer | null): Event | Fault {
  if (value === null) return fault('malformed-event', 'structured mode, but the record has no value')
  if (!isUtf8(value)) return fault('malformed-event', 'structured mode, but the value is not UTF-8')
  const text = value.toString()
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return fault('malformed-event', 'structured mode, but the value is not JSON')
  }
  const event = readJsonEvent(parsed)
  // "Context Attributes": each at most once. The parser keeps the last of several and says nothing.
  const repeated = repeatedMember(text)
  return repeated === undefined
    ? event
    : fault('malformed-event', `member "${repeated.slice(0, 40)}" is there more than once`)
}

/** The first name that the outermost object has twice. The text must be JSON. */
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
    // A name follows what opens the object, or a comma in it; blanks change nothing.
    if (depth === 1 && (sign === '{' || sign === ',')) isName = true
    else if (sign === '"' || depth !== 1) isName = false
  }
  return undefined
}

/** Where the text that begins at a quotation mark ends. */
function endOfText(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); ; end = json.indexOf('"', end + 1)) {
    let escapes = 0
    while (json[end - 1 - escapes] === '\\') escapes += 1
    if (escapes % 2 === 0) return end
  }
}

/** The event that a parsed JSON document is, or the rule that it breaks. */
export function readJsonEvent(document: unknown): Event | Fault {
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    return fault('malformed-event', 'the document is not a JSON object')
  const attributes = new Map<string, string>()
  for (const [name, value] of Object.entries(document)) {
    // JSON format, 2.2: null is the same as absent. `data` is no attribute.
    if (name === 'data' || name === 'data_base64' || value === null) continue
    const text = canonical(value)
    if (text === undefined)
      return fault('malformed-event', `attribute "${name.slice(0, 40)}" has no CloudEvents type`)
    attributes.set(name, text)
  }
  const broken = attributeFault(attributes)
  if (broken) return fault('malformed-event', broken)
  const data = payload(document, attributes.get('datacontenttype'))
  if ('fault' in data) return data.fault
  // JSON format, 3.1.2: data without a content type is JSON; data_base64 without one is nothing known.
  if ('data' in document && !attributes.has('datacontenttype'))
    attributes.set('datacontenttype', 'application/json')
  return toEvent(attributes, data)
}

/**
 * JSON format, 3.1: `data` is a JSON value, or text where the content type is not JSON; `data_base64` is bytes. What is
 * JSON comes out as its value and everything else as bytes, as in binary mode: the same event is the same in both.
 */
function payload(document: object, contentType: string | undefined): { data?: unknown } | { fault: Fault } {
  const { data, data_base64: base64 } = document as { data?: unknown; data_base64?: unknown }
  const json = contentType !== undefined && isJson(contentType)
  if (base64 === undefined || base64 === null) {
    if (!('data' in document)) return {}
    return typeof data === 'string' && contentType !== undefined && !json
      ? { data: Buffer.from(data) }
      : { data }
  }
  if ('data' in document)
    return { fault: fault('malformed-event', '"data" and "data_base64" are both there') }
  if (typeof base64 !== 'string' || !BASE64.test(base64))
    return { fault: fault('malformed-event', '"data_base64" is not base64') }
  const bytes = Buffer.from(base64, 'base64')
  return json ? parsedJson(bytes) : { data: bytes }
}

/** JSON format, 3.1: subtype `json`, or a suffix `+json`, parameters aside. */
export function isJson(contentType: string): boolean {
  return /^[^;]*[/+]json\s*(;|$)/i.test(contentType)
}

/** Bytes that are JSON by their content type. */
export function parsedJson(bytes: Buffer): { data: unknown } | { fault: Fault } {
  try {
    if (isUtf8(bytes)) return { data: JSON.parse(bytes.toString()) }
  } catch {
    // Said below, without the parser's message, which quotes the text.
  }
  return { fault: fault('malformed-event', 'the data is not JSON, as its content type says') }
}

/** Type System: the canonical string of an attribute's value; undefined where JSON holds what no attribute can be. */
function canonical(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  const integer =
    typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 2 ** 31 - (value > 0 ? 1 : 0)
  return integer ? String(value) : undefined
}

/** The event as the JSON object of the format, e.g. for a recorded stream or structured mode. */
export function toJsonEvent(event: Event): Record<string, unknown> {
  const { extensions, data, ...attributes } = event
  const document = { specversion: '1.0', ...attributes, ...extensions }
  if (Buffer.isBuffer(data)) return { ...document, data_base64: data.toString('base64') }
  return data === undefined ? document : { ...document, data }
}
