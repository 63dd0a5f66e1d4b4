import { LONGEST_VARINT } from './cursor.ts'
import { malformed } from './unreadable.ts'

const EMPTY = Buffer.alloc(0)

/** Reads sequentially from chunks of bytes, and keeps at most one chunk. */
export class ByteStream {
  readonly #parts: AsyncIterator<Buffer> | Iterator<Buffer>
  #part: Buffer = EMPTY
  #at = 0
  /** The bytes of all earlier parts. */
  #before = 0

  constructor(parts: AsyncIterator<Buffer> | Iterator<Buffer>) {
    this.#parts = parts
  }

  /** The number of bytes read or skipped. */
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
    } while ((bytes.at(-1) as number) >= 0x80 && bytes.length < LONGEST_VARINT)
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
