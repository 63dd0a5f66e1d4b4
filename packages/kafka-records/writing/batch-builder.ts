/** Writes record batches (https://kafka.apache.org/documentation/#recordbatch). Each record is encoded once, when it is added. */
import { crc32c } from '../crc32c.ts'
import { deflate, type WritableCodec } from './deflate.ts'

/** Exclusive bound for numbers whose zigzag encoding has at most 31 bits and can be computed with 32-bit operations. */
const SMALL = 2 ** 30

/** A record to write. Header names may occur more than once. */
export interface WritableRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[]
}

/** Identifies the producer of a batch, and the position of the batch in the producer's sequence for the partition. */
export interface BatchSequence {
  /** Producer id, a 64-bit integer that Kafka has assigned. */
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly firstSequence: number
}

const HEADER_BYTES = 61
const MAGIC = 2
const NOT_SEQUENCED: BatchSequence = { producerId: -1n, producerEpoch: -1, firstSequence: -1 }
const FIRST_ROOM_BYTES = 1024

/** A batch to which records are being added. */
export class BatchBuilder {
  #room = Buffer.allocUnsafeSlow(FIRST_ROOM_BYTES)
  #end = 0
  #count = 0
  #firstTimestampMs = 0
  #maxTimestampMs = 0

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#end
  }

  append(record: WritableRecord, timestampMs: number): void {
    if (this.#count === 0) this.#firstTimestampMs = this.#maxTimestampMs = timestampMs
    else if (timestampMs > this.#maxTimestampMs) this.#maxTimestampMs = timestampMs
    const sinceMs = timestampMs - this.#firstTimestampMs
    const size = contentBytes(record, sinceMs, this.#count)
    const before = this.#end
    this.#reserve(before + varintBytes(size) + size)
    const at = writeVarint(this.#room, before, size)
    this.#end = writeContent(this.#room, at, record, sinceMs, this.#count)
    this.#count++
  }

  /** Compresses the records. No records can be added afterwards. */
  async close(codec: WritableCodec): Promise<ClosedBatch> {
    const bytes = this.#room.subarray(0, this.#end)
    const [number, records] = await deflate(codec, bytes)
    return new ClosedBatch(records, {
      codec: number,
      count: this.#count,
      firstTimestampMs: this.#firstTimestampMs,
      maxTimestampMs: this.#maxTimestampMs,
      plainBytes: this.#end,
    })
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#room.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(bytes, 2 * this.#room.length))
    this.#room.copy(larger, 0, 0, this.#end)
    this.#room = larger
  }
}

interface BatchFacts {
  readonly codec: number
  readonly count: number
  readonly firstTimestampMs: number
  readonly maxTimestampMs: number
  /** Size of the uncompressed records, in bytes. */
  readonly plainBytes: number
}

/** A batch whose records can no longer change. It can be sealed again if its producer gets another epoch. */
export class ClosedBatch {
  readonly #records: Buffer
  readonly facts: BatchFacts

  constructor(records: Buffer, facts: BatchFacts) {
    this.#records = records
    this.facts = facts
  }

  /** Size of the whole batch as sent, in bytes. */
  get bytes(): number {
    return HEADER_BYTES + this.#records.length
  }

  seal({ producerId, producerEpoch, firstSequence } = NOT_SEQUENCED): Buffer {
    const { codec, count, firstTimestampMs, maxTimestampMs } = this.facts
    const batch = Buffer.allocUnsafe(this.bytes)
    batch.writeBigInt64BE(0n, 0)
    batch.writeInt32BE(batch.length - 12, 8)
    batch.writeInt32BE(-1, 12)
    batch.writeInt8(MAGIC, 16)
    batch.writeInt16BE(codec, 21)
    batch.writeInt32BE(count - 1, 23)
    batch.writeBigInt64BE(BigInt(firstTimestampMs), 27)
    batch.writeBigInt64BE(BigInt(maxTimestampMs), 35)
    batch.writeBigInt64BE(producerId, 43)
    batch.writeInt16BE(producerEpoch, 51)
    batch.writeInt32BE(firstSequence, 53)
    batch.writeInt32BE(count, 57)
    this.#records.copy(batch, HEADER_BYTES)
    batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
    return batch
  }
}

function contentBytes({ key, value, headers }: WritableRecord, sinceMs: number, index: number): number {
  let bytes = 1 + varintBytes(sinceMs) + varintBytes(index) + fieldBytes(key) + fieldBytes(value)
  bytes += varintBytes(headers.length)
  for (const [name, content] of headers) bytes += encodeName(name).length + fieldBytes(content)
  return bytes
}

function fieldBytes(field: Buffer | null): number {
  return field === null ? 1 : varintBytes(field.length) + field.length
}

function writeContent(
  room: Buffer,
  begin: number,
  { key, value, headers }: WritableRecord,
  sinceMs: number,
  index: number,
): number {
  // Attributes of the record. Kafka does not use them yet.
  room[begin] = 0
  let at = writeVarint(room, begin + 1, sinceMs)
  at = writeVarint(room, at, index)
  at = writeField(room, at, key)
  at = writeField(room, at, value)
  at = writeVarint(room, at, headers.length)
  for (const [name, content] of headers) {
    const prefixed = encodeName(name)
    room.set(prefixed, at)
    at = writeField(room, at + prefixed.length, content)
  }
  return at
}

function writeField(room: Buffer, begin: number, field: Buffer | null): number {
  if (field === null) return writeVarint(room, begin, -1)
  const at = writeVarint(room, begin, field.length)
  room.set(field, at)
  return at + field.length
}

const MAX_NAMES = 1_000
const names = new Map<string, Buffer>()

/** Returns the length of the name followed by the name. The bytes are cached, because the names of headers are repeated. */
function encodeName(name: string): Buffer {
  const cachedBytes = names.get(name)
  if (cachedBytes) return cachedBytes
  const text = Buffer.from(name)
  const prefixed = Buffer.allocUnsafeSlow(varintBytes(text.length) + text.length)
  text.copy(prefixed, writeVarint(prefixed, 0, text.length))
  if (names.size < MAX_NAMES) names.set(name, prefixed)
  return prefixed
}

/** Returns the number of bytes that `writeVarint` writes. */
function varintBytes(value: number): number {
  if (value >= -SMALL && value < SMALL) {
    const folded = (value << 1) ^ (value >> 31)
    if (folded < 0x80) return 1
    if (folded < 0x4000) return 2
    if (folded < 0x200000) return 3
    return folded < 0x10000000 ? 4 : 5
  }
  let bytes = 1
  for (let rest = Math.floor(fold(value) / 128); rest > 0; rest = Math.floor(rest / 128)) bytes++
  return bytes
}

/**
 * Writes an integer of at most 52 bits: zigzag-encoded, with seven bits per byte, lowest bits first.
 *
 * @returns the position after the integer
 */
function writeVarint(bytes: Buffer, begin: number, value: number): number {
  let at = begin
  if (value >= -SMALL && value < SMALL) {
    let folded = (value << 1) ^ (value >> 31)
    while (folded > 0x7f) {
      bytes[at++] = (folded & 0x7f) | 0x80
      folded >>>= 7
    }
    bytes[at++] = folded
    return at
  }
  let rest = fold(value)
  while (rest > 0x7f) {
    bytes[at++] = (rest % 128) + 128
    rest = Math.floor(rest / 128)
  }
  bytes[at++] = rest
  return at
}

function fold(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1
}
