/**
 * Byte layout of a packed record, which writer and reader share. The module has no imports at run time, so that threads of handlers
 * load nothing else.
 */
import type { SchemaMetadata } from './event.ts'

/**
 * Positions of the fixed fields of a record, as little-endian integers. Schemas, key, value and headers follow them. A length of -1
 * means null.
 */
export const HEAD = {
  length: 0,
  offset: 4,
  timestamp: 12,
  key: 20,
  value: 24,
  headers: 28,
  schemas: 32,
  flags: 36,
  end: 40,
}
export const HEADER_LENGTHS = 8

export const PACKED_BYTES = HEAD.end

export const LOG_APPEND_TIME = 1

/** Returns a view of the bytes. Reading and writing numbers is much faster through a view. */
export function createView({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length)
}

type Fields = ReturnType<typeof readFields>

export function readFields(view: DataView, start: number) {
  const keyLength = view.getInt32(start + HEAD.key, true)
  const valueLength = view.getInt32(start + HEAD.value, true)
  const schemasAt = start + HEAD.end
  const keyAt = schemasAt + view.getInt32(start + HEAD.schemas, true)
  const valueAt = keyAt + Math.max(0, keyLength)
  return {
    offset: view.getFloat64(start + HEAD.offset, true),
    timestamp: view.getFloat64(start + HEAD.timestamp, true),
    headerCount: view.getInt32(start + HEAD.headers, true),
    flags: view.getInt32(start + HEAD.flags, true),
    schemasAt,
    keyAt,
    keyLength,
    valueAt,
    valueLength,
    restAt: valueAt + Math.max(0, valueLength),
  }
}

type Schemas = readonly [key?: SchemaMetadata | null, value?: SchemaMetadata | null]
const NO_SCHEMAS: Schemas = []

export function readSchemas(bytes: Buffer, { schemasAt, keyAt }: Fields): Schemas {
  return keyAt === schemasAt ? NO_SCHEMAS : JSON.parse(bytes.toString('utf8', schemasAt, keyAt))
}

/** @param readValue reads one header value. Called in the order of the headers, with length -1 for null. */
export function readHeaders<Value>(
  bytes: Buffer,
  { restAt, headerCount }: Fields,
  readValue: (at: number, length: number) => Value,
): (readonly [name: string, value: Value])[] {
  const headers: (readonly [string, Value])[] = []
  let at = restAt
  for (let n = 0; n < headerCount; n += 1) {
    const nameAt = at + HEADER_LENGTHS
    const valueAt = nameAt + bytes.readInt32LE(at)
    const length = bytes.readInt32LE(at + 4)
    headers.push([bytes.toString('utf8', nameAt, valueAt), readValue(valueAt, length)])
    at = valueAt + Math.max(0, length)
  }
  return headers
}
