/** Writes events as Kafka records. In binary mode, the default, routers need not parse values. */
import type { Event } from '../consumer/event.ts'
import { toJsonEvent } from './json-format.ts'
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
  const isOther = (name: string) => name !== 'content-type' && !name.startsWith('ce_')
  return headers.filter(([name]) => isOther(name) && (Buffer.isBuffer(data) || !isSchemaHeader(name)))
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
  const { data, extensions, datacontenttype, ...attributes } = event
  const contentType =
    datacontenttype ?? (data === undefined || data instanceof Uint8Array ? undefined : 'application/json')
  const headers: RecordHeader<Buffer>[] =
    contentType === undefined ? [] : [header('content-type', contentType)]
  headers.push(header('ce_specversion', '1.0'))
  for (const [name, value] of Object.entries({ ...attributes, ...extensions }))
    if (value !== undefined) headers.push(header(`ce_${name}`, value))
  return { headers, value: bytes(data, contentType) }
}

/**
 * Writes an event in structured mode. Kafka binding, 3.3: the whole event is in the value. Without the
 * content type, a reader would assume binary mode.
 */
function writeStructured(event: Event): WrittenEvent {
  return {
    headers: [header('content-type', 'application/cloudevents+json; charset=UTF-8')],
    value: Buffer.from(JSON.stringify(toJsonEvent(event))),
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
  return Buffer.from(isText ? data : JSON.stringify(data))
}

function header(name: string, value: string): RecordHeader<Buffer> {
  return [name, Buffer.from(value)]
}
