/**
 * Reads a Kafka record as a CloudEvent, strictly: a record that breaks a rule of the Kafka protocol binding 1.0 or of
 * the specification is a fault with its reason, never a guess. Messages name places, not contents.
 */
import type { Event } from '../domain/event.ts'
import { type Fault, fault } from '../domain/failure/codes.ts'
import { attributeFault } from './attributes.ts'
import { toEvent } from './event.ts'
import { textOf } from './header-bytes.ts'
import { isJson, parsedJson, readStructured } from './json-format.ts'
import type { LogRecord, RecordHeader } from './record.ts'

const PREFIX = 'ce_'
const EVENT_FORMAT = /^\s*application\/cloudevents/i
const JSON_FORMAT = /^\s*application\/cloudevents\+json\s*(;|$)/i

type Readable = Pick<LogRecord, 'value' | 'headers'>

/** The event in a record, or why there is none. */
export function readEvent(record: Readable): Event | Fault {
  const isContentType = ([name]: RecordHeader) => name === 'content-type'
  const header = record.headers.find(isContentType)
  if (header !== record.headers.findLast(isContentType))
    return malformed('the header "content-type" is there more than once')
  const contentType = header && textOf(header[1])
  // Kafka binding, 3: the media type decides the mode, compared without regard to case.
  if (contentType === undefined || !EVENT_FORMAT.test(contentType)) return readBinary(record, contentType)
  if (!JSON_FORMAT.test(contentType))
    return malformed('"content-type" names a format of events other than application/cloudevents+json')
  return readStructured(record.value)
}

/** Kafka binding, 3.2: attributes in `ce_` headers, data in the value, its type in `content-type`. */
function readBinary(record: Readable, contentType: string | undefined): Event | Fault {
  const attributes = binaryAttributes(record.headers, contentType)
  if (!(attributes instanceof Map)) return attributes
  const broken = attributeFault(attributes)
  if (broken) return malformed(broken)
  const data = binaryData(record.value, contentType)
  if ('fault' in data) return data.fault
  return toEvent(attributes, data)
}

function binaryAttributes(
  headers: readonly RecordHeader[],
  contentType: string | undefined,
): Map<string, string> | Fault {
  const attributes = new Map<string, string>()
  if (contentType !== undefined) attributes.set('datacontenttype', contentType)
  let isEvent = false
  for (const [header, bytes] of headers) {
    if (!header.startsWith(PREFIX)) continue
    isEvent = true
    const name = header.slice(PREFIX.length)
    const value = textOf(bytes)
    if (value === undefined) return malformed(`the header of "${name.slice(0, 40)}" is not UTF-8`)
    // Some SDKs repeat the content type as an attribute; the same word twice does no harm, another one does.
    if (attributes.has(name) && !(name === 'datacontenttype' && value === contentType))
      return malformed(`attribute "${name.slice(0, 40)}" is there more than once`)
    attributes.set(name, value)
  }
  return isEvent ? attributes : fault('not-a-cloudevent', 'no "ce_" header and no structured content type')
}

/** The value by its content type: JSON is parsed; what is of another type stays bytes; none stays none. */
function binaryData(
  value: Buffer | null,
  contentType: string | undefined,
): { data?: unknown } | { fault: Fault } {
  if (value === null) return {}
  if (contentType !== undefined) return isJson(contentType) ? parsedJson(value) : { data: value }
  // Nothing says what it is: JSON where it can be read as that.
  const parsed = parsedJson(value)
  return 'fault' in parsed ? { data: value } : parsed
}

function malformed(message: string): Fault {
  return fault('malformed-event', message)
}
