/** Writes events as Kafka records. In binary mode, the default, routers need not parse values. */
import type { Event } from '../consumer/event.ts'
import { toJsonEvent } from './json-format.ts'
import { toJsonText } from './json-text.ts'
import { isEventFormat, isJson } from './media-type.ts'
import type { OutgoingRecord, RecordHeader } from './record.ts'
import { startTrace } from './trace.ts'
import { isSchemaHeader } from './wire-format.ts'

export type ContentMode = 'binary' | 'structured'

/** Value and headers of the record that contains the event. */
export interface WrittenEvent {
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader<Buffer>[]
}

/**
 * Writes an event. If its data is itself an event, structured mode is always used: in binary mode, the data
 * would be read as the event.
 *
 * @throws InvalidEvent if the data has a value that JSON lacks
 */
export function writeEvent(event: Event, mode: ContentMode = 'binary'): WrittenEvent {
  return mode === 'binary' && !isEventFormat(event.datacontenttype ?? '')
    ? writeBinary(event)
    : writeStructured(event)
}

/**
 * Returns the headers of a record that remain if its event is written again. A header that names the schema of the data remains only
 * beside bytes, which it describes.
 */
export function otherHeaders<Header extends RecordHeader>(
  headers: readonly Header[],
  { data }: Event,
): Header[] {
  const isOther = ([name]: Header) => name !== 'content-type' && !name.startsWith('ce_')
  return headers.filter(header => isOther(header) && (Buffer.isBuffer(data) || !isSchemaHeader(header)))
}

/** Returns the record with which a producer publishes an event. */
export function toOutgoingRecord(
  topic: string,
  key: string | null,
  event: Event,
  mode?: ContentMode,
): OutgoingRecord {
  return { topic, key: key === null ? null : Buffer.from(key), ...writeEvent(ensureTrace(event), mode) }
}

/** Returns the event with trace context. An event without trace context starts a trace. */
export function ensureTrace(event: Event): Event {
  if (event.extensions?.traceparent) return event
  return { ...event, extensions: { ...event.extensions, ...startTrace(event) } }
}

/**
 * Writes an event in binary mode. Kafka binding, 3.2: `content-type` is `datacontenttype`, each other
 * attribute is a `ce_` header, and without data the value is null.
 */
function writeBinary(event: Event): WrittenEvent {
  const { data, extensions = NO_EXTENSIONS, datacontenttype } = event
  const contentType =
    datacontenttype ?? (data === undefined || data instanceof Uint8Array ? undefined : 'application/json')
  const headers = contentType === undefined ? [] : [CONTENT_TYPE.create(contentType)]
  headers.push(SPECVERSION.create('1.0'))
  for (const name of Object.keys(event)) {
    if (name === 'data' || name === 'datacontenttype' || name === 'extensions') continue
    addAttribute(headers, name, extensions[name] ?? (event[name as keyof Event] as string | undefined))
  }
  for (const name of Object.keys(extensions))
    if (!Object.hasOwn(event, name)) addAttribute(headers, name, extensions[name])
  return { headers, value: bytes(data, contentType) }
}

const NO_EXTENSIONS: Readonly<Record<string, string>> = {}

/** Creates headers of one name. Most events of a function have the same value, so the latest header is kept. */
class RepeatedHeader {
  readonly #name: string
  #value: string | undefined
  #header: RecordHeader<Buffer> | undefined

  constructor(name: string) {
    this.#name = name
  }

  create(value: string): RecordHeader<Buffer> {
    if (!this.#header || this.#value !== value) {
      this.#header = [this.#name, Buffer.from(value)]
      this.#value = value
    }
    return this.#header
  }
}

const CONTENT_TYPE = new RepeatedHeader('content-type')
const SPECVERSION = new RepeatedHeader('ce_specversion')

const REPEATED = ['source', 'type', 'dataschema', 'origin'] as const
const OTHERS = ['id', 'subject', 'time', 'sequence', 'traceparent'] as const

/** Headers of attributes by their names: a repeated header, or the name of the header. A lookup is faster than adding the prefix. */
const HEADERS: ReadonlyMap<string, RepeatedHeader | string> = new Map<string, RepeatedHeader | string>([
  ...REPEATED.map(name => [name, new RepeatedHeader(`ce_${name}`)] as const),
  ...OTHERS.map(name => [name, `ce_${name}`] as const),
])

function addAttribute(headers: RecordHeader<Buffer>[], name: string, value: string | null | undefined): void {
  // Null means absent, as in the JSON format.
  if (value === undefined || value === null) return
  const known = HEADERS.get(name) ?? `ce_${name}`
  headers.push(typeof known === 'string' ? [known, Buffer.from(value)] : known.create(value))
}

/**
 * Writes an event in structured mode. Kafka binding, 3.3: the whole event is in the value. Without the
 * content type, a reader would assume binary mode.
 */
function writeStructured(event: Event): WrittenEvent {
  return {
    headers: [['content-type', Buffer.from('application/cloudevents+json; charset=UTF-8')]],
    value: Buffer.from(toJsonText(toJsonEvent(event))),
  }
}

/**
 * Converts data to bytes: bytes remain unchanged, text remains text if its content type is not JSON, and
 * everything else becomes JSON.
 */
function bytes(data: unknown, contentType: string | undefined): Buffer | null {
  if (data === undefined) return null
  if (Buffer.isBuffer(data)) return data
  if (data instanceof Uint8Array) return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  const isText = typeof data === 'string' && contentType !== undefined && !isJson(contentType)
  return Buffer.from(isText ? data : toJsonText(data, 'data'))
}
