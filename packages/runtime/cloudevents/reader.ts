/**
 * Reads a Kafka record as a CloudEvent, strictly: a record that violates a rule of the specification or of the Kafka protocol
 * binding 1.0 results in a failure with a code. Messages name locations but never quote contents.
 *
 * The reader of the package `cloudevents` (10.0.0, `Kafka.toEvent`) is not used, because it is lenient:
 * - It does not check events: attributes may be missing, invalid, or present twice.
 * - It makes values up: a random id for a structured event without one, the current time for a binary event without one. A repeat
 *   of such a record would be another event.
 * - It changes values: times lose digits after the milliseconds, large integers are rounded, invalid UTF-8 is replaced, and the
 *   record key replaces the extension `partitionkey`.
 * - It throws for valid events: those without data, structured ones without a time, and leap seconds.
 */
import { readTypeName } from '../consumer/data-format.ts'
import type { Event } from '../consumer/event.ts'
import { type Failure, failure } from '../consumer/failure-codes.ts'
import { attributeViolation } from './attributes.ts'
import { isFailure, toEvent } from './event.ts'
import { decodeText, toBuffer } from './header-bytes.ts'
import {
  createPayload,
  type Payload,
  parseJsonPayload,
  readJsonObject,
  readStructured,
} from './json-format.ts'
import { readableValue } from './lambda-schema.ts'
import { isEventFormat, isJson, isSameMediaType } from './media-type.ts'
import type { LogRecord, RecordHeader } from './record.ts'
import { FRAME_BYTES, isFramed, isSchemaHeader } from './wire-format.ts'

const PREFIX = 'ce_'
const CONTENT_TYPE = 'content-type'
const BATCH_FORMAT = 'application/cloudevents-batch'
const JSON_FORMAT = 'application/cloudevents+json'

type Readable = Pick<LogRecord, 'value' | 'headers' | 'oversizeBytes' | 'validatedByLambda'>

/** Reads the event of a record. Returns a failure with the reason if the record contains no valid event. */
export function readEvent(record: Readable): Event | Failure {
  if (record.oversizeBytes !== undefined) return createTooLargeFailure(record.oversizeBytes)
  const contentType = readContentType(record.headers)
  if (typeof contentType === 'object') return contentType
  // Kafka binding, 3: the start of the media type determines the mode, case-insensitively.
  if (contentType === undefined || !isEventFormat(contentType)) return readBinary(record, contentType)
  const format = readTypeName(contentType)
  if (format.startsWith(BATCH_FORMAT))
    return createMalformedFailure(
      '"content-type" names a batch of events, which Kafka does not have: send single events',
    )
  if (format !== JSON_FORMAT)
    return createMalformedFailure(
      '"content-type" names a format of events other than application/cloudevents+json',
    )
  return readStructured(withoutId(record.value))
}

/**
 * Reads the event of a record as `readEvent` does. In topics that take whole events, a value can also be the event without any header
 * that says so.
 *
 * @param takesWhole returns whether a topic takes whole events; none if undefined
 */
export function readAnyEvent(
  record: Readable & Pick<LogRecord, 'topic'>,
  takesWhole?: (kafkaTopic: string) => boolean,
): Event | Failure {
  const read = readEvent(record)
  const isTaken = isFailure(read) && read.code === 'not-a-cloudevent' && takesWhole?.(record.topic)
  return isTaken && isWhole(record) ? readStructured(record.value) : read
}

/** Members by which an event differs from other JSON. */
const REQUIRED = ['specversion', 'id', 'source', 'type']

function isWhole({ value, headers }: Readable): boolean {
  if (value === null || !hasNoAttributes({ headers })) return false
  const read = readJsonObject(value)
  return read !== undefined && 'object' in read && REQUIRED.every(name => Object.hasOwn(read.object, name))
}

/** Returns true if no header has an attribute of an event. */
export function hasNoAttributes({ headers }: Pick<Readable, 'headers'>): boolean {
  return headers.every(
    ([name, bytes]) => bytes === null || (name !== CONTENT_TYPE && !name.startsWith(PREFIX)),
  )
}

/** Removes the schema id that serializers with a registry put before the event. JSON text never begins with a zero byte. */
function withoutId(value: Buffer | null): Buffer | null {
  return value && isFramed(value) ? value.subarray(FRAME_BYTES) : value
}

/** Returns true if the whole event of a record, in which an event was read, is in its value. */
export function isStructured({ headers }: Pick<Readable, 'headers'>): boolean {
  const contentType = readContentType(headers)
  return typeof contentType === 'string' ? isEventFormat(contentType) : hasNoAttributes({ headers })
}

/** Returns the text of the header `content-type`, which may occur only once; undefined if it is missing or null. */
function readContentType(headers: Readable['headers']): string | undefined | Failure {
  let only: RecordHeader | undefined
  for (const header of headers) {
    if (header[0] !== CONTENT_TYPE || header[1] === null) continue
    if (only) return createContentTypeFailure(headers, 'occurs more than once')
    only = header
  }
  return only && (decodeText(only[1]) ?? createContentTypeFailure(headers, 'is not UTF-8'))
}

/** Returns the failure for an invalid content type. If nothing else indicates an event, the record does not count as an event. */
function createContentTypeFailure(headers: Readable['headers'], broken: string): Failure {
  const isEvent = headers.some(
    ([name, bytes]) =>
      (name.startsWith(PREFIX) && bytes !== null) ||
      (name === CONTENT_TYPE && isEventFormat(toBuffer(bytes).toString('latin1'))),
  )
  return isEvent ? createMalformedFailure(`the header "content-type" ${broken}`) : createNotAnEventFailure()
}

/**
 * Reads an event in binary mode. Kafka binding, 3.2: attributes are in `ce_` headers, the data is in the
 * value, and its type is in `content-type`.
 */
function readBinary(record: Readable, contentType: string | undefined): Event | Failure {
  const attributes = readBinaryAttributes(record, contentType)
  if (!(attributes instanceof Map)) return attributes
  const broken = attributeViolation(attributes)
  if (broken) return createMalformedFailure(broken)
  const data = readBinaryData(record, contentType)
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

function parseAttributeName(header: string): string | undefined {
  return header.startsWith(PREFIX) ? header.slice(PREFIX.length) : undefined
}

function readBinaryAttributes(
  { headers, value }: Readable,
  contentType: string | undefined,
): Map<string, string> | Failure {
  const attributes = new Map<string, string>()
  if (contentType !== undefined) attributes.set('datacontenttype', contentType)
  let isEvent = false
  for (const [header, bytes] of headers) {
    const name = ATTRIBUTES.get(header) ?? parseAttributeName(header)
    if (name === undefined) continue
    // Some SDKs write an attribute that is not set as a header whose value is null.
    if (bytes === null) continue
    isEvent = true
    const text = decodeText(bytes)
    if (text === undefined) return createMalformedFailure(`the header of "${name.slice(0, 40)}" is not UTF-8`)
    if (name === 'datacontenttype') {
      // 3.2.1 does not define this header. Some SDKs repeat the content type in it, which is accepted if both
      // are equal.
      if (contentType === undefined)
        return createMalformedFailure('the header "ce_datacontenttype" is not "content-type"')
      if (!isSameMediaType(text, contentType)) return createRepeatedFailure(name)
      continue
    }
    if (attributes.has(name)) return createRepeatedFailure(name)
    attributes.set(name, text)
  }
  return isEvent ? attributes : createNotAnEventFailure(contentType === undefined ? value : null)
}

/**
 * Returns the data according to its content type: JSON is parsed, and other types stay bytes. A null value means no data, and so does
 * an empty one whose content type is JSON, as CloudEvents' SDK for Python writes it.
 */
function readBinaryData(record: Readable, contentType: string | undefined): Payload | Failure {
  const value = readableValue(record)
  if (value === null) return createPayload(undefined)
  // JSON whose schema is in a registry stays bytes until it is read with that schema.
  if (isFramed(value) || record.headers.some(isSchemaHeader)) return createPayload(value)
  if (contentType !== undefined) {
    if (!isJson(contentType)) return createPayload(value)
    return value.length === 0 ? createPayload(undefined) : parseJsonPayload(value)
  }
  // Without a content type, the value is JSON if it can be parsed, otherwise bytes.
  const parsed = parseJsonPayload(value)
  return parsed.kind === 'failure' ? createPayload(value) : parsed
}

function createRepeatedFailure(name: string): Failure {
  return createMalformedFailure(`attribute "${name.slice(0, 40)}" occurs more than once`)
}

/** @param value value of a record without a content type */
function createNotAnEventFailure(value: Buffer | null = null): Failure {
  const hint = value?.includes('"specversion"')
    ? ', but its value looks like an event: add the header "content-type" with application/cloudevents+json'
    : ''
  return failure('not-a-cloudevent', `no "ce_" header and no structured content type${hint}`)
}

function createTooLargeFailure(bytes: number): Failure {
  return failure(
    'record-too-large',
    `the record has ${bytes} bytes, more than Lambda can deliver: its value was not read, and exists only at its position in the log`,
  )
}

function createMalformedFailure(message: string): Failure {
  return failure('malformed-event', message)
}
