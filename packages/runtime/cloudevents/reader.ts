/**
 * Reads a Kafka record as a CloudEvent, strictly: a record that violates a rule of the specification or of the Kafka protocol
 * binding 1.0 results in a failure with a code. Messages name locations but never quote contents.
 */
import type { Event } from '../consumer/event.ts'
import { type Failure, failure } from '../consumer/failure-codes.ts'
import { attributeViolation } from './attributes.ts'
import { toEvent } from './event.ts'
import { bufferOf, textOf } from './header-bytes.ts'
import { type Payload, parsedJson, payloadOf, readStructured } from './json-format.ts'
import { readableValue } from './lambda-schema.ts'
import { isEventFormat, isJson, isSameMediaType } from './media-type.ts'
import type { LogRecord, RecordHeader } from './record.ts'
import { FRAME_BYTES, isFramed, isSchemaHeader } from './wire-format.ts'

const PREFIX = 'ce_'
const CONTENT_TYPE = 'content-type'
const JSON_FORMAT = /^application\/cloudevents\+json\s*(;|$)/i

type Readable = Pick<LogRecord, 'value' | 'headers' | 'oversizeBytes' | 'validatedByLambda'>

/** Reads the event of a record. Returns a failure with the reason if the record contains no valid event. */
export function readEvent(record: Readable): Event | Failure {
  if (record.oversizeBytes !== undefined) return tooLarge(record.oversizeBytes)
  const contentType = contentTypeOf(record.headers)
  if (typeof contentType === 'object') return contentType
  // Kafka binding, 3: the start of the media type determines the mode, case-insensitively.
  if (contentType === undefined || !isEventFormat(contentType)) return readBinary(record, contentType)
  if (!JSON_FORMAT.test(contentType))
    return malformed('"content-type" names a format of events other than application/cloudevents+json')
  return readStructured(withoutId(record.value))
}

/** Removes the schema id that serializers with a registry put before the event. JSON text never begins with a zero byte. */
function withoutId(value: Buffer | null): Buffer | null {
  return value && isFramed(value) ? value.subarray(FRAME_BYTES) : value
}

/** Returns true if the record is in structured mode, with the whole event in its value. */
export function isStructured({ headers }: Pick<Readable, 'headers'>): boolean {
  const contentType = contentTypeOf(headers)
  return typeof contentType === 'string' && isEventFormat(contentType)
}

/** Returns the text of the header `content-type`, which may occur only once; undefined if it is missing. */
function contentTypeOf(headers: Readable['headers']): string | undefined | Failure {
  let only: RecordHeader | undefined
  for (const header of headers) {
    if (header[0] !== CONTENT_TYPE) continue
    if (only) return wrongContentType(headers, 'occurs more than once')
    only = header
  }
  return only && (textOf(only[1]) ?? wrongContentType(headers, 'is not UTF-8'))
}

/** Returns the failure for an invalid content type. If nothing else indicates an event, the record does not count as an event. */
function wrongContentType(headers: Readable['headers'], broken: string): Failure {
  const isEvent = headers.some(
    ([name, bytes]) =>
      name.startsWith(PREFIX) || (name === CONTENT_TYPE && isEventFormat(bufferOf(bytes).toString('latin1'))),
  )
  return isEvent ? malformed(`the header "content-type" ${broken}`) : notAnEvent()
}

/**
 * Reads an event in binary mode. Kafka binding, 3.2: attributes are in `ce_` headers, the data is in the
 * value, and its type is in `content-type`.
 */
function readBinary(record: Readable, contentType: string | undefined): Event | Failure {
  const attributes = binaryAttributes(record.headers, contentType)
  if (!(attributes instanceof Map)) return attributes
  const broken = attributeViolation(attributes)
  if (broken) return malformed(broken)
  const data = binaryData(record, contentType)
  if (data.kind === 'failure') return data
  return toEvent(attributes, data.value)
}

/** Names of attributes by the names of their headers. A lookup is faster than cutting off the prefix. */
const ATTRIBUTES: ReadonlyMap<string, string> = new Map(
  ['specversion', 'id', 'source', 'type', 'subject', 'time', 'dataschema', 'traceparent'].map(name => [
    `${PREFIX}${name}`,
    name,
  ]),
)

function attributeIn(header: string): string | undefined {
  return header.startsWith(PREFIX) ? header.slice(PREFIX.length) : undefined
}

function binaryAttributes(
  headers: readonly RecordHeader[],
  contentType: string | undefined,
): Map<string, string> | Failure {
  const attributes = new Map<string, string>()
  if (contentType !== undefined) attributes.set('datacontenttype', contentType)
  let isEvent = false
  for (const [header, bytes] of headers) {
    const name = ATTRIBUTES.get(header) ?? attributeIn(header)
    if (name === undefined) continue
    isEvent = true
    const value = textOf(bytes)
    if (value === undefined) return malformed(`the header of "${name.slice(0, 40)}" is not UTF-8`)
    if (name === 'datacontenttype') {
      // 3.2.1 does not define this header. Some SDKs repeat the content type in it, which is accepted if both
      // are equal.
      if (contentType === undefined) return malformed('the header "ce_datacontenttype" is not "content-type"')
      if (!isSameMediaType(value, contentType)) return repeated(name)
      continue
    }
    if (attributes.has(name)) return repeated(name)
    attributes.set(name, value)
  }
  return isEvent ? attributes : notAnEvent()
}

/** Returns the data according to its content type: JSON is parsed, other types stay bytes, and a null value means no data. */
function binaryData(record: Readable, contentType: string | undefined): Payload | Failure {
  const value = readableValue(record)
  if (value === null) return payloadOf(undefined)
  // JSON whose schema is in a registry stays bytes until it is read with that schema.
  if (isFramed(value) || record.headers.some(([name]) => isSchemaHeader(name))) return payloadOf(value)
  if (contentType !== undefined) return isJson(contentType) ? parsedJson(value) : payloadOf(value)
  // Without a content type, the value is JSON if it can be parsed, otherwise bytes.
  const parsed = parsedJson(value)
  return parsed.kind === 'failure' ? payloadOf(value) : parsed
}

function repeated(name: string): Failure {
  return malformed(`attribute "${name.slice(0, 40)}" occurs more than once`)
}

function notAnEvent(): Failure {
  return failure('not-a-cloudevent', 'no "ce_" header and no structured content type')
}

function tooLarge(bytes: number): Failure {
  return failure(
    'record-too-large',
    `the record has ${bytes} bytes, more than Lambda can deliver: its value was not read, and exists only at its position in the log`,
  )
}

function malformed(message: string): Failure {
  return failure('malformed-event', message)
}
