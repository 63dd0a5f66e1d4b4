/**
 * Records as bytes: what a thread of this process gets of them. Key, value and headers are as in the log. To write JSON, to send it
 * and to parse it takes three times as long, and as text every record would be work for the garbage collector of both threads.
 */
import { headersOf } from '@sluice/kafka-records'
import type { OpenChoices } from '../config/open-choices.ts'
import type { LambdaRecord, Message, SchemaMetadata } from './event.ts'

/** A record in bytes that it shares with its neighbours. */
export interface PackedRecord {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

/**
 * The positions of what every record begins with; little-endian. Then follow the schemas as JSON, the key, the value, and the
 * headers: the lengths of name and value, and both. A length of -1 means null.
 */
const HEAD = {
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
const HEADER_LENGTHS = 8

/** What a packed record has beside its content. */
export const PACKED_BYTES = HEAD.end

const LOG_APPEND_TIME = 1
const BARE_KEY = 2
const BARE_VALUE = 4

/** Large enough for a batch, and small enough that a record which waits long keeps little of the others in memory. */
const STRETCH_BYTES = 256 * 1024

/** Packs records one behind another, so that a batch of neighbours is copied at once. */
export class RecordPacker {
  #expected: number
  #bytes = Buffer.alloc(0)
  #view = viewOf(this.#bytes)
  #at = 0

  /** @param expectedBytes how much room to begin with; more is taken as it is needed */
  constructor(expectedBytes: number) {
    this.#expected = expectedBytes
  }

  pack(message: Message): PackedRecord {
    const { key, value, keySchema, valueSchema, bare } = message
    const headers = headersOf(message)
    const schemas = keySchema || valueSchema ? JSON.stringify([keySchema, valueSchema]) : ''
    const schemaBytes = Buffer.byteLength(schemas)
    let length = HEAD.end + schemaBytes + (key?.length ?? 0) + (value?.length ?? 0)
    for (const [name, of] of headers) length += HEADER_LENGTHS + Buffer.byteLength(name) + (of?.length ?? 0)
    this.#reserve(length)
    const bytes = this.#bytes
    const view = this.#view
    const start = this.#at
    const isAppendTime = message.batchContext?.timestampType === 1
    view.setInt32(start + HEAD.length, length, true)
    view.setFloat64(start + HEAD.offset, Number(message.offset), true)
    view.setFloat64(start + HEAD.timestamp, Number(message.timestamp), true)
    view.setInt32(start + HEAD.key, key?.length ?? -1, true)
    view.setInt32(start + HEAD.value, value?.length ?? -1, true)
    view.setInt32(start + HEAD.headers, headers.length, true)
    view.setInt32(start + HEAD.schemas, schemaBytes, true)
    view.setInt32(
      start + HEAD.flags,
      (isAppendTime ? LOG_APPEND_TIME : 0) | (bare?.key ? BARE_KEY : 0) | (bare?.value ? BARE_VALUE : 0),
      true,
    )
    let at = start + HEAD.end
    if (schemaBytes > 0) at += bytes.write(schemas, at)
    if (key) bytes.set(key, at)
    at += key?.length ?? 0
    if (value) bytes.set(value, at)
    at += value?.length ?? 0
    for (const [name, of] of headers) at = writeHeader(bytes, at, name, of)
    this.#at = start + length
    return { bytes, start, end: start + length }
  }

  #reserve(length: number): void {
    if (this.#at + length > this.#bytes.length) {
      this.#bytes = Buffer.allocUnsafe(Math.max(length, Math.min(this.#expected, STRETCH_BYTES)))
      this.#view = viewOf(this.#bytes)
      this.#at = 0
    }
    this.#expected -= length
  }
}

/** Numbers are read and written far faster through a view. */
export function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length)
}

function writeHeader(bytes: Buffer, at: number, name: string, value: Buffer | null): number {
  const begin = at + HEADER_LENGTHS
  const nameBytes = bytes.write(name, begin)
  bytes.writeInt32LE(nameBytes, at)
  bytes.writeInt32LE(value?.length ?? -1, at + 4)
  if (value) bytes.set(value, begin + nameBytes)
  return begin + nameBytes + (value?.length ?? 0)
}

/** The record as it was packed. Key, value and headers are parts of its bytes. */
export function unpacked({ bytes, start }: PackedRecord): Message {
  const of = fieldsAt(viewOf(bytes), start)
  const [keySchema, valueSchema] = schemasOf(bytes, of)
  const part = (at: number, length: number) => (length < 0 ? null : bytes.subarray(at, at + length))
  return {
    offset: String(of.offset),
    timestamp: String(of.timestamp),
    key: part(of.keyAt, of.keyLength),
    value: part(of.valueAt, of.valueLength),
    headerList: headersAt(bytes, of, (at, length) => part(at, length)),
    batchContext: { timestampType: of.flags & LOG_APPEND_TIME },
    bare: { key: (of.flags & BARE_KEY) !== 0, value: (of.flags & BARE_VALUE) !== 0 },
    ...(keySchema && { keySchema }),
    ...(valueSchema && { valueSchema }),
  }
}

/** Where the record after the one at this position begins. */
export function nextAfter(view: DataView, start: number): number {
  return start + view.getInt32(start + HEAD.length, true)
}

/**
 * The record at this position as a handler gets it: what `JSON.parse` makes of `recordJson`. Rules 12, 13.
 *
 * @param view of these bytes
 */
export function recordAt(
  bytes: Buffer,
  view: DataView,
  start: number,
  { topic, partition, tombstone }: Place,
): LambdaRecord {
  const of = fieldsAt(view, start)
  const schemas = schemasOf(bytes, of)
  const headers = headersAt(bytes, of, (at, length) => numbers(bytes, at, at + length))
  const record: { -readonly [Key in keyof LambdaRecord]: LambdaRecord[Key] } = {
    topic,
    partition,
    offset: of.offset,
    timestamp: of.timestamp,
    timestampType: of.flags & LOG_APPEND_TIME ? 'LOG_APPEND_TIME' : 'CREATE_TIME',
    headers: headers.map(([name, list]) => ({ [name]: list })),
  }
  if (of.keyLength >= 0) record.key = field(bytes, of.keyAt, of.keyLength, of.flags & BARE_KEY)
  else if (tombstone === 'null') record.key = null
  if (schemas[0]) record.keySchemaMetadata = schemas[0]
  if (of.valueLength >= 0) record.value = field(bytes, of.valueAt, of.valueLength, of.flags & BARE_VALUE)
  else if (tombstone === 'null') record.value = null
  if (schemas[1]) record.valueSchemaMetadata = schemas[1]
  return record
}

/** What the records of a partition have in common. */
export interface Place {
  readonly topic: string
  readonly partition: number
  readonly tombstone: OpenChoices['tombstone']
}

type Fields = ReturnType<typeof fieldsAt>

function fieldsAt(view: DataView, start: number) {
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

function schemasOf(bytes: Buffer, { schemasAt, keyAt }: Fields): Schemas {
  return keyAt === schemasAt ? NO_SCHEMAS : JSON.parse(bytes.toString('utf8', schemasAt, keyAt))
}

/** @param readValue is called in order, with the length -1 for null */
function headersAt<Value>(
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

/** A header without a value becomes an empty list. */
function numbers(bytes: Buffer, start: number, end: number): number[] {
  const list: number[] = []
  for (let at = start; at < end; at += 1) list.push(bytes[at] as number)
  return list
}

/** In base64; or what a registry decoded, which the type of the record leaves out. */
function field(bytes: Buffer, at: number, length: number, isBare: number): string {
  return isBare === 0
    ? bytes.toString('base64', at, at + length)
    : JSON.parse(bytes.toString('utf8', at, at + length))
}

export function lengthOf(records: readonly PackedRecord[]): number {
  return records.reduce((sum, { start, end }) => sum + end - start, 0)
}

/** Copies records one behind another, neighbours at once. Returns the end. */
export function copyRecords(records: readonly PackedRecord[], target: Uint8Array, begin: number): number {
  let at = begin
  for (let n = 0; n < records.length; ) {
    const { bytes, start, end: first } = records[n] as PackedRecord
    let end = first
    for (n += 1; records[n]?.bytes === bytes && records[n]?.start === end; n += 1)
      end = (records[n] as PackedRecord).end
    target.set(bytes.subarray(start, end), at)
    at += end - start
  }
  return at
}
