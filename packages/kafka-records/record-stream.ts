/** Decodes the records of a large batch while it is being decompressed. */
import { setImmediate as turn } from 'node:timers/promises'
import { Cursor, MAX_VARINT_BYTES } from './cursor.ts'
import { inflateInParts } from './inflate.ts'
import {
  type Content,
  MAX_EVENT_BYTES,
  type RawRecord,
  readContent,
  readHeaders,
  SMALL_BYTES,
} from './raw-record.ts'
import type { Batch } from './read-batches.ts'
import { createMalformedError } from './unreadable-bytes.ts'

/** A record and its size; `no-room` if the receiver has no room for the next record; `end` if there are no more records. */
type StreamedRecord = { readonly record: RawRecord; readonly bytes: number } | 'no-room' | 'end'

/**
 * The records of a batch, read from its beginning. Reading can stop at any record and be continued later, so that the batch is
 * decompressed only once. In addition to the compressed bytes, only a part of the batch and at most one record are kept in memory.
 */
export class RecordStream {
  readonly #batch: Batch
  readonly #parts: AsyncGenerator<Buffer>
  readonly #stream: ByteStream
  #read = 0
  /** Offset delta of the next record. Earlier records can no longer be read. */
  #nextDelta = 0
  /** Length of the next record, if it has been read already. */
  #length: number | undefined
  /** A record that was returned with `giveBack`. */
  #returned: Exclude<StreamedRecord, string> | undefined

  constructor(batch: Batch) {
    this.#batch = batch
    this.#parts = yieldingToEventLoop(inflateInParts(batch.codec, batch.records))
    this.#stream = new ByteStream(this.#parts)
  }

  /** Returns true if the stream has this batch and has not passed this position. */
  canContinue({ baseOffset, checksum }: Batch, fromDelta: number): boolean {
    const isSame = baseOffset === this.#batch.baseOffset && checksum === this.#batch.checksum
    return isSame && fromDelta >= this.#nextDelta
  }

  /** @param hasRoom called with the minimum size of a record before the record is read */
  async next(fromDelta: number, hasRoom: (bytes: number) => boolean): Promise<StreamedRecord> {
    const returned = this.#returned
    this.#returned = undefined
    if (returned && returned.record.offsetDelta >= fromDelta) return this.#advancePast(returned)
    while (this.#read < this.#batch.recordCount) {
      this.#length ??= new Cursor(await this.#stream.varintBytes()).varint()
      const length = this.#length
      if (length < 0) throw createMalformedError('a record has a negative length')
      const isLarge = length > MAX_EVENT_BYTES
      const bytes = isLarge ? 2 * SMALL_BYTES : length
      if (!hasRoom(bytes)) return 'no-room'
      this.#length = undefined
      this.#read += 1
      const record = await this.#readRecord(fromDelta, length, isLarge)
      if (record) return this.#advancePast({ record, bytes })
    }
    return 'end'
  }

  /** Returns a record to the stream, so that the following call of `next` yields it again. */
  giveBack(read: Exclude<StreamedRecord, string>): void {
    this.#returned = read
    this.#nextDelta = read.record.offsetDelta
  }

  async close(): Promise<void> {
    await this.#parts.return(undefined)
  }

  #advancePast(read: Exclude<StreamedRecord, string>): StreamedRecord {
    this.#nextDelta = read.record.offsetDelta + 1
    return read
  }

  /** Reads the next record. Returns undefined if the record is skipped; its bytes are not copied then. */
  async #readRecord(fromDelta: number, length: number, isLarge: boolean): Promise<RawRecord | undefined> {
    const begin = this.#stream.position
    const left = () => length - (this.#stream.position - begin)
    // Skip the attributes, which are not used yet.
    await this.#stream.skip(1)
    const timestampDelta = await this.#varint()
    const offsetDelta = await this.#varint()
    if (left() < 0) throw createMalformedError('it is truncated')
    if (offsetDelta < fromDelta) {
      await this.#stream.skip(left())
      return undefined
    }
    const content = isLarge
      ? await this.#readOversize(length, left)
      : readContent(new Cursor(await this.#stream.take(left())), length)
    return { offsetDelta, timestampDelta, ...content }
  }

  /** Reads an oversize record. Only its small parts are kept; the others are skipped while they are decompressed. */
  async #readOversize(length: number, left: () => number): Promise<Content> {
    const skip = (count: number) => {
      if (count > left()) throw createMalformedError('a field is longer than its record')
      return this.#stream.skip(Math.max(0, count))
    }
    const keyBytes = await this.#varint()
    const hasSmallKey = keyBytes >= 0 && keyBytes <= SMALL_BYTES
    const key = hasSmallKey ? await this.#stream.take(keyBytes) : null
    if (!hasSmallKey) await skip(keyBytes)
    await skip(await this.#varint())
    const rest = left()
    const headers =
      rest <= SMALL_BYTES ? readHeaders(new Cursor(await this.#stream.take(Math.max(0, rest)))) : []
    await skip(left())
    return { key, value: null, headers, oversizeBytes: length }
  }

  async #varint(): Promise<number> {
    return new Cursor(await this.#stream.varintBytes()).varint()
  }
}

/** Number of decompressed bytes after which decoding is interrupted for heartbeats and other partitions. */
const BYTES_PER_TURN = 8 * 1024 * 1024

async function* yieldingToEventLoop(parts: AsyncIterable<Buffer> | Iterable<Buffer>): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const part of parts) {
    yield part
    bytes += part.length
    if (bytes < BYTES_PER_TURN) continue
    bytes = 0
    await turn()
  }
}

const EMPTY = Buffer.alloc(0)

/** Reads bytes sequentially from a sequence of chunks. At most one chunk is kept in memory. */
class ByteStream {
  readonly #parts: AsyncIterator<Buffer> | Iterator<Buffer>
  #part: Buffer = EMPTY
  #at = 0
  /** Total size of the chunks before the current one, in bytes. */
  #before = 0

  constructor(parts: AsyncIterator<Buffer> | Iterator<Buffer>) {
    this.#parts = parts
  }

  get position(): number {
    return this.#before + this.#at
  }

  /** Reads bytes. Returns a copy. */
  async take(count: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(count)
    for (let filled = 0; filled < count; ) {
      if (this.#at === this.#part.length) await this.#next()
      const copied = this.#part.copy(bytes, filled, this.#at, this.#at + count - filled)
      filled += copied
      this.#at += copied
    }
    return bytes
  }

  async skip(count: number): Promise<void> {
    let left = count
    while (left > this.#part.length - this.#at) {
      left -= this.#part.length - this.#at
      this.#at = this.#part.length
      await this.#next()
    }
    this.#at += left
  }

  /** Returns the bytes of a varint, to be decoded with a `Cursor`. */
  async varintBytes(): Promise<Buffer> {
    const bytes: number[] = []
    do {
      if (this.#at === this.#part.length) await this.#next()
      bytes.push(this.#part[this.#at++] as number)
    } while ((bytes.at(-1) as number) >= 0x80 && bytes.length < MAX_VARINT_BYTES)
    return Buffer.from(bytes)
  }

  async #next(): Promise<void> {
    // Release the chunk, because its memory may be reused for the next one.
    this.#before += this.#part.length
    this.#part = EMPTY
    this.#at = 0
    const { done, value } = await this.#parts.next()
    if (done) throw createMalformedError('it is truncated')
    this.#part = value
  }
}
