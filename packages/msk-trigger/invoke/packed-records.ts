/**
 * Binary form of records for threads of this process. JSON would take three times as long, and its text would burden the garbage
 * collectors.
 */
import { listHeaders } from '@sluice/kafka-records'
import type { PolledMessage } from './event.ts'
import {
  createView,
  HEAD,
  HEADER_LENGTHS,
  LOG_APPEND_TIME,
  readFields,
  readHeaders,
  readSchemas,
} from './packed-layout.ts'

/** Packed record, in a buffer that also contains neighbouring records. */
export interface PackedRecord {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

/**
 * Size of a shared buffer, in bytes. It is large enough for a batch, and small enough that a record that waits for a long time
 * keeps only a few others in memory.
 */
const STRETCH_BYTES = 256 * 1024

/** Packs records one after another, so that neighbouring records can be copied into a batch in one operation. */
export class RecordPacker {
  #expected: number
  #bytes = Buffer.alloc(0)
  #view = createView(this.#bytes)
  #at = 0

  /** @param expectedBytes initial size of the buffer, which grows as needed */
  constructor(expectedBytes: number) {
    this.#expected = expectedBytes
  }

  pack(message: PolledMessage): PackedRecord {
    const { key, value, keySchema, valueSchema } = message
    const headers = listHeaders(message)
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
    view.setInt32(start + HEAD.flags, isAppendTime ? LOG_APPEND_TIME : 0, true)
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
      this.#view = createView(this.#bytes)
      this.#at = 0
    }
    this.#expected -= length
  }
}

function writeHeader(bytes: Buffer, at: number, name: string, value: Buffer | null): number {
  const begin = at + HEADER_LENGTHS
  const nameBytes = bytes.write(name, begin)
  bytes.writeInt32LE(nameBytes, at)
  bytes.writeInt32LE(value?.length ?? -1, at + 4)
  if (value) bytes.set(value, begin + nameBytes)
  return begin + nameBytes + (value?.length ?? 0)
}

/** Unpacks a record. Its key, value and headers reference the packed bytes. */
export function unpack({ bytes, start }: PackedRecord): PolledMessage {
  const of = readFields(createView(bytes), start)
  const [keySchema, valueSchema] = readSchemas(bytes, of)
  const part = (at: number, length: number) => (length < 0 ? null : bytes.subarray(at, at + length))
  return {
    offset: String(of.offset),
    timestamp: String(of.timestamp),
    key: part(of.keyAt, of.keyLength),
    value: part(of.valueAt, of.valueLength),
    headerList: readHeaders(bytes, of, (at, length) => part(at, length)),
    batchContext: { timestampType: of.flags & LOG_APPEND_TIME },
    ...(keySchema && { keySchema }),
    ...(valueSchema && { valueSchema }),
  }
}

export function countBytes(records: readonly PackedRecord[]): number {
  return records.reduce((sum, { start, end }) => sum + end - start, 0)
}

/** Copies records one after another; neighbouring records are copied in one operation. Returns the end offset. */
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
