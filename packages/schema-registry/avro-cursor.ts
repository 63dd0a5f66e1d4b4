import { isUtf8 } from 'node:buffer'
import { UndecodableError } from './errors.ts'

const DEEPEST = 100
/** Maximum number of items in one value that take no bytes in the encoding, such as `null`. */
const FREE_ITEMS = 1_000
/** Maximum length, in bytes, of a number that is read without BigInt (49 bits). `LONGEST` is the maximum length of any number. */
const SHORT = 7
const LONGEST = 10
/** Character that replaces bytes which are not valid UTF-8. A valid text may contain it too. */
const REPLACEMENT = '\uFFFD'

/** Reads the binary encoding of Avro. Each length is checked against the remaining bytes before memory or time is spent on it. */
export class AvroCursor {
  readonly #bytes: Buffer
  #at = 0
  #depth = 0
  #items: number

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    // Each item takes at least one byte, except for items such as `null`.
    this.#items = bytes.length + FREE_ITEMS
  }

  /** Checks that all bytes were read. @throws UndecodableError if bytes are left */
  end(): void {
    if (this.#at < this.#bytes.length) throw new UndecodableError('there are bytes after its end')
  }

  /** Enters a nested value, which `leave` ends. @throws UndecodableError if values are nested too deeply */
  enter(): void {
    this.#depth += 1
    if (this.#depth > DEEPEST) throw new UndecodableError(`it is nested more than ${DEEPEST} levels deep`)
  }

  leave(): void {
    this.#depth -= 1
  }

  /** Returns the number of items in the next block of a list or a map; 0 after the last block. */
  block(): number {
    const count = Number(this.long())
    // A negative count is followed by the size of the block in bytes, for readers that skip the block.
    if (count < 0) this.long()
    const items = Math.abs(count)
    if (items > this.#items) throw new UndecodableError('it claims more items than its bytes can hold')
    this.#items -= items
    return items
  }

  /** Reads a number of up to 64 bits. Returns a bigint if a double might not represent the number exactly. */
  long(): number | bigint {
    let sum = 0
    let scale = 1
    for (let read = 0; read < SHORT; read += 1) {
      const byte = this.#byte()
      sum += (byte & 0x7f) * scale
      if (byte < 0x80) return sum % 2 === 0 ? sum / 2 : -(sum + 1) / 2
      scale *= 0x80
    }
    return this.#longer(BigInt(sum))
  }

  #longer(start: bigint): number | bigint {
    let sum = start
    for (let read = SHORT; read < LONGEST; read += 1) {
      const byte = this.#byte()
      sum |= BigInt(byte & 0x7f) << BigInt(7 * read)
      if (byte >= 0x80) continue
      if (sum >= 1n << 64n) break
      const value = (sum >> 1n) ^ -(sum & 1n)
      return Number.isSafeInteger(Number(value)) ? Number(value) : value
    }
    throw new UndecodableError('a number has more than 64 bits')
  }

  int(): number {
    const value = Number(this.long())
    if (value < -(2 ** 31) || value >= 2 ** 31) throw new UndecodableError('an int has more than 32 bits')
    return value
  }

  /** Reads an index below `count`. */
  index(count: number): number {
    const index = Number(this.long())
    if (index < 0 || index >= count)
      throw new UndecodableError('it selects a branch or a symbol that its schema does not have')
    return index
  }

  boolean(): boolean {
    const byte = this.#byte()
    if (byte > 1) throw new UndecodableError('a boolean is neither 0 nor 1')
    return byte === 1
  }

  /** Reads a floating-point number. @throws UndecodableError for NaN and infinities, which JSON cannot represent */
  float(bytes: 4 | 8): number {
    const at = this.#take(bytes)
    const value = bytes === 4 ? this.#bytes.readFloatLE(at) : this.#bytes.readDoubleLE(at)
    if (!Number.isFinite(value)) throw new UndecodableError('a number is not finite')
    return value
  }

  string(): string {
    const length = this.#length()
    const at = this.#take(length)
    const text = this.#bytes.toString('utf8', at, at + length)
    if (text.includes(REPLACEMENT) && !isUtf8(this.#bytes.subarray(at, at + length)))
      throw new UndecodableError('a string is not UTF-8')
    return text
  }

  bytes(length: number = this.#length()): Buffer {
    const at = this.#take(length)
    return this.#bytes.subarray(at, at + length)
  }

  #length(): number {
    const length = Number(this.long())
    if (length < 0) throw new UndecodableError('a length is negative')
    return length
  }

  #byte(): number {
    return this.#bytes[this.#take(1)] as number
  }

  #take(length: number): number {
    const at = this.#at
    if (length > this.#bytes.length - at) throw new UndecodableError('it ends too early')
    this.#at = at + length
    return at
  }
}
