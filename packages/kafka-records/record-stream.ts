/** Decodes the records of a large batch while it is inflated. */
import { setImmediate as turn } from 'node:timers/promises'
import type { Batch } from './batch.ts'
import { inflateInParts } from './codecs.ts'
import { Cursor, MAX_VARINT_BYTES } from './cursor.ts'
import { type Content, contentOf, headersOf, MAX_EVENT_BYTES, type RawRecord, SMALL_BYTES } from './record.ts'
import { malformed } from './unreadable.ts'

/** A record of a large batch and its size, or why it is missing. */
type StreamedRecord = { readonly record: RawRecord; readonly bytes: number } | 'no-room' | 'end'

/**
 * The records of a batch, from its first one on. Reading can stop at any record and continue there later, so the batch is inflated only once.
 * Beside the compressed bytes, only a part of the batch is in memory, and at most one record.
 */
export class RecordStream {
  readonly #batch: Batch
  readonly #parts: AsyncGenerator<Buffer>
  readonly #stream: ByteStream
  #read = 0
  /** Records before this one cannot be read any more. */
  #nextDelta = 0
  /** Length of the next record, if it was read already. */
  #length: number | undefined
  /** A record that was given back. */
  #returned: Exclude<StreamedRecord, string> | undefined

  constructor(batch: Batch) {
    this.#batch = batch
    this.#parts = yieldingToEventLoop(inflateInParts(batch.codec, batch.records))
    this.#stream = new ByteStream(this.#parts)
  }

  /** Whether the records of this batch can be read on from here without those before. */
  canContinue({ baseOffset, checksum }: Batch, fromDelta: number): boolean {
    const isSame = baseOffset === this.#batch.baseOffset && checksum === this.#batch.checksum
    return isSame && fromDelta >= this.#nextDelta
  }

  /** @param hasRoom is asked with the size that a record takes at least, before it is read */
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

  /** The next call of `next` returns this record again. */
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

  /** Undefined if it is skipped: then it is not copied. */
  async #recordFrom(fromDelta: number, length: number, isLarge: boolean): Promise<RawRecord | undefined> {
    const begin = this.#stream.position
    const left = () => length - (this.#stream.position - begin)
    // The attributes, which have no meaning yet.
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

  /** Reads the parts that are kept of an oversize record, and skips the rest while it is inflated. */
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

/** How much is inflated before the event loop gets a turn, for heartbeats and other partitions. */
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
  /** The bytes of all earlier parts. */
  #before = 0

  constructor(parts: AsyncIterator<Buffer> | Iterator<Buffer>) {
    this.#parts = parts
  }

  get position(): number {
    return this.#before + this.#at
  }

  /** Returns a copy. */
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

  /** Returns the bytes of a varint, to be read with a `Cursor`. */
  async varintBytes(): Promise<Buffer> {
    const bytes: number[] = []
    do {
      if (this.#at === this.#part.length) await this.#next()
      bytes.push(this.#part[this.#at++] as number)
    } while ((bytes.at(-1) as number) >= 0x80 && bytes.length < MAX_VARINT_BYTES)
    return Buffer.from(bytes)
  }

  async #next(): Promise<void> {
    // The next part may take the memory of this one.
    this.#before += this.#part.length
    this.#part = EMPTY
    this.#at = 0
    const { done, value } = await this.#parts.next()
    if (done) throw malformed('it is truncated')
    this.#part = value
  }
}
