/** One record of a batch: https://kafka.apache.org/documentation/#record */
import type { Cursor } from './cursor.ts'
import { createMalformedError } from './unreadable-bytes.ts'

/** Name and value of a header, as written by the producer. A name may occur more than once. */
export type Header = readonly [name: string, value: Buffer | null]

export interface Content {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly Header[]
  /** Size of the record in the log, in bytes. Set only if the record is too large to be returned; its value is then omitted. */
  readonly oversizeBytes?: number
}

export interface RawRecord extends Content {
  readonly offsetDelta: number
  readonly timestampDelta: number
}

/**
 * Maximum size of a record in the event of an AWS Lambda function, in bytes of JSON. An event has at most 6 MiB. A lower bound of
 * the record's size is compared with it: base64 of key and value, and headers as names and arrays of numbers.
 */
export const MAX_EVENT_BYTES = 6 * 1024 * 1024

/** Size up to which a record always fits into an event, in bytes: a byte becomes at most four characters of JSON. */
const SURELY_FITS_BYTES = MAX_EVENT_BYTES / 4

/** Maximum size, in bytes, of a key or of headers that are kept for an oversize record. */
export const SMALL_BYTES = 64 * 1024

/** Reads the position of a record in its batch. It precedes the content, which may not have to be read. */
export function readDeltas(cursor: Cursor): Pick<RawRecord, 'offsetDelta' | 'timestampDelta'> {
  // Skip the attributes, which are not used yet.
  cursor.skip(1)
  const timestampDelta = cursor.varint()
  return { timestampDelta, offsetDelta: cursor.varint() }
}

/** Reads the content of a record, to its end. The cursor must be after the deltas. The bytes are not copied. */
export function readContent(cursor: Cursor, bytes: number): Content {
  const key = cursor.field()
  const value = cursor.field()
  if (bytes > SURELY_FITS_BYTES && isOversize(bytes, key, value, cursor))
    return {
      key: key && key.length <= SMALL_BYTES ? Buffer.from(key) : null,
      value: null,
      headers: cursor.end - cursor.at <= SMALL_BYTES ? readHeaders(cursor, true) : [],
      oversizeBytes: bytes,
    }
  const headers = readHeaders(cursor)
  if (cursor.at !== cursor.end) throw createMalformedError('a record is longer than its content')
  return { key, value, headers }
}

/** @param copies true to copy the values, so that the memory of the surrounding bytes can be freed */
export function readHeaders(cursor: Cursor, copies = false): Header[] {
  const count = cursor.varint()
  const headers: Header[] = []
  // Read each header before counting the next one, so that no memory is allocated for a wrong count.
  for (let n = 0; n < count; n += 1) {
    const length = cursor.varint()
    if (length < 0) throw createMalformedError('a header has no name')
    const begin = cursor.at
    cursor.skip(length)
    const name = cursor.bytes.toString('utf8', begin, cursor.at)
    const value = cursor.field()
    headers.push([name, copies && value ? Buffer.from(value) : value])
  }
  return headers
}

function isOversize(bytes: number, key: Buffer | null, value: Buffer | null, headers: Cursor): boolean {
  if (bytes > MAX_EVENT_BYTES) return true
  return eventBytes(key) + eventBytes(value) + headersEventBytes(headers) > MAX_EVENT_BYTES
}

function eventBytes(field: Buffer | null): number {
  return field ? 4 * Math.ceil(field.length / 3) : 0
}

/** Returns the size of the headers as JSON, in the form `{"name":[1,22,255]},`. Neither allocates memory nor moves the cursor. */
function headersEventBytes(cursor: Cursor): number {
  const begin = cursor.at
  const count = cursor.varint()
  let bytes = 0
  for (let n = 0; n < count; n += 1) {
    const name = cursor.varint()
    cursor.skip(name)
    const value = Math.max(0, cursor.varint())
    bytes += '{"":[]},'.length + name + Math.max(0, value - 1)
    let at = cursor.at
    cursor.skip(value)
    for (; at < cursor.at; at += 1) {
      const byte = cursor.bytes[at] as number
      bytes += byte < 10 ? 1 : byte < 100 ? 2 : 3
    }
  }
  cursor.at = begin
  return bytes
}
