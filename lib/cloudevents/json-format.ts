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
  let parsed: unknown
  try {
    parsed = JSON.parse(value.toString())
  } catch {
    return fault('malformed-event', 'structured mode, but the value is not JSON')
  }
  return readJsonEvent(parsed)
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
  const data = payload(document)
  if ('fault' in data) return data.fault
  // JSON format, 3.1.2: data without a content type is JSON; data_base64 without one is nothing known.
  if ('data' in document && !attributes.has('datacontenttype'))
    attributes.set('datacontenttype', 'application/json')
  return toEvent(attributes, data)
}

function payload(document: object): { data?: unknown } | { fault: Fault } {
  const both = document as { data?: unknown; data_base64?: unknown }
  if (both.data_base64 === undefined || both.data_base64 === null)
    return 'data' in both ? { data: both.data } : {}
  if ('data' in both) return { fault: fault('malformed-event', '"data" and "data_base64" are both there') }
  if (typeof both.data_base64 !== 'string' || !BASE64.test(both.data_base64))
    return { fault: fault('malformed-event', '"data_base64" is not base64') }
  return { data: Buffer.from(both.data_base64, 'base64') }
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
