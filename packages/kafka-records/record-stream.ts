/** Decodes the records of a large batch while it is being decompressed. */
import { setImmediate as turn } from 'node:timers/promises'
import type { Batch } from './batch.ts'
import { inflateInParts } from './codecs.ts'
import { Cursor, MAX_VARINT_BYTES } from './cursor.ts'
import { type Content, contentOf, headersOf, MAX_EVENT_BYTES, type RawRecord, SMALL_BYTES } from './record.ts'
import { malformed } from './unreadable.ts'

/** A record of a large batch with its size, or the reason why there is none. */
type StreamedRecord = { readonly record: RawRecord; readonly bytes: number } | 'no-room' | 'end'

/**
 * The records of a batch from the beginning. Reading can stop at any record and continue there later, so that the batch is
 * decompressed only once. In addition to the compressed bytes, only a part of the batch and at most one record are in memory.
 */
export class RecordStream {
  readonly #batch: Batch
  readonly #parts: AsyncGenerator<Buffer>
  readonly #stream: ByteStream
  #read = 0
  /** Offset delta of the next record. Earlier records cannot be read any more. */
  #nextDelta = 0
  /** Length of the next record, if it has been read already. */
  #length: number | undefined
  /** A record that was returned to the stream. */
  #returned: Exclude<StreamedRecord, string> | undefined

  constructor(batch: Batch) {
    this.#batch = batch
    this.#parts = yieldingToEventLoop(inflateInParts(batch.codec, batch.records))
    this.#stream = new ByteStream(this.#parts)
  }

  /** Returns true if the records of this batch can be read from this position on. */
  canContinue({ baseOffset, checksum }: Batch, fromDelta: number): boolean {
    const isSame = baseOffset === this.#batch.baseOffset && checksum === this.#batch.checksum
    return isSame && fromDelta >= this.#nextDelta
  }

  /** @param hasRoom called with the minimum size of a record, before it is read */
  async next(fromDelta: number, hasRoom: (bytes: number) => boolean): Promise<StreamedRecord> {
    const returned = this.#returned
    this.#returned = undefined
    if (returned && returned.record.offsetDelta >= fromDelta) return this.#passed(returned)
    while (this.#read < this.#batch.recordCount) {
      this.#length ??= new Cursor(await this.#stream.varintBytes()).varint()
      const length = this.#length
      if (length < 0) throw malformed('a record has a negative length')
      const isLarge = length > MAX_EVENT_BYTES
      const bytes = isLarge ? 2 * SMALL_BYTES : length
      if (!hasRoom(bytes)) return 'no-room'
      this.#length = undefined
      this.#read += 1
      const record = await this.#recordFrom(fromDelta, length, isLarge)
      if (record) return this.#passed({ record, bytes })
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

  #passed(read: Exclude<StreamedRecord, string>): StreamedRecord {
    this.#nextDelta = read.record.offsetDelta + 1
    return read
  }

  /** Returns undefined if the record is skipped, in which case it is not copied. */
  async #recordFrom(fromDelta: number, length: number, isLarge: boolean): Promise<RawRecord | undefined> {
    const begin = this.#stream.position
    const left = () => length - (this.#stream.position - begin)
    // Skip the attributes, which are not used yet.
    await this.#stream.skip(1)
    const timestampDelta = await this.#varint()
    const offsetDelta = await this.#varint()
    if (left() < 0) throw malformed('it is truncated')
    if (offsetDelta < fromDelta) {
      await this.#stream.skip(left())
      return undefined
    }
    const content = isLarge
      ? await this.#oversize(length, left)
      : contentOf(new Cursor(await this.#stream.take(left())), length)
    return { offsetDelta, timestampDelta, ...content }
  }

  /** Reads the parts of an oversize record that are kept, and skips the rest while it is decompressed. */
  async #oversize(length: number, left: () => number): Promise<Content> {
    const skip = (count: number) => {
      if (count > left()) throw malformed('a field is longer than its record')
      return this.#stream.skip(Math.max(0, count))
    }
    const keyBytes = await this.#varint()
    const hasSmallKey = keyBytes >= 0 && keyBytes <= SMALL_BYTES
    const key = hasSmallKey ? await this.#stream.take(keyBytes) : null
    if (!hasSmallKey) await skip(keyBytes)
    await skip(await this.#varint())
    const rest = left()
    const headers =
      rest <= SMALL_BYTES ? headersOf(new Cursor(await this.#stream.take(Math.max(0, rest)))) : []
    await skip(left())
    return { key, value: null, headers, oversizeBytes: length }
  }

  async #varint(): Promise<number> {
    return new Cursor(await this.#stream.varintBytes()).varint()
  }
}

/** Number of decompressed bytes after which the event loop gets a turn for heartbeats and other partitions. */
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

/** Reads sequentially from chunks of bytes, and keeps at most one chunk. */
class ByteStream {
  readonly #parts: AsyncIterator<Buffer> | Iterator<Buffer>
  #part: Buffer = EMPTY
  #at = 0
  /** Total number of bytes of the earlier chunks. */
  #before = 0

  constructor(parts: AsyncIterator<Buffer> | Iterator<Buffer>) {
    this.#parts = parts
  }

  get position(): number {
    return this.#before + this.#at
  }

  /** Reads bytes. Returns a copy. */
  async take(count: number): Promise<Buffer> {
    const taken = Buffer.allocUnsafe(count)
    for (let filled = 0; filled < count; ) {
      if (this.#at === this.#part.length) await this.#next()
      const copied = this.#part.copy(taken, filled, this.#at, this.#at + count - filled)
      filled += copied
      this.#at += copied
    }
    return taken
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
    // Release the chunk, because the next one may reuse its memory.
    this.#before += this.#part.length
    this.#part = EMPTY
    this.#at = 0
    const { done, value } = await this.#parts.next()
    if (done) throw malformed('it is truncated')
    this.#part = value
  }
}
