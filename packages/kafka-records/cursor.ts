import { createMalformedError } from './unreadable-bytes.ts'

export const MAX_VARINT_BYTES = 10

const MAX_UVARINT_BYTES = 5

/** Reads numbers and fields sequentially. Throws an error instead of reading beyond the end. */
export class Cursor {
  readonly bytes: Buffer
  at: number
  readonly end: number

  constructor(bytes: Buffer, at = 0, end = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  int8(): number {
    return this.bytes.readInt8(this.#advance(1))
  }

  int16(): number {
    return this.bytes.readInt16BE(this.#advance(2))
  }

  int32(): number {
    return this.bytes.readInt32BE(this.#advance(4))
  }

  int64(): bigint {
    return this.bytes.readBigInt64BE(this.#advance(8))
  }

  /** Reads a zigzag-encoded number (`varint` or `varlong`): seven bits per byte, lowest bits first. Exact up to 53 bits. */
  varint(): number {
    const first = this.#byte()
    if (first < 0x80) return (first >>> 1) ^ -(first & 1)
    let value = first & 0x7f
    for (let read = 1, factor = 0x80; read < MAX_VARINT_BYTES; read += 1, factor *= 0x80) {
      const byte = this.#byte()
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    }
    throw createMalformedError('a number is too long')
  }

  /** Reads an unsigned number of up to 32 bits, with seven bits per byte, lowest bits first. */
  uvarint(): number {
    let value = 0
    for (let read = 0, factor = 1; read < MAX_UVARINT_BYTES; read++, factor *= 0x80) {
      const byte = this.#byte()
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
    throw createMalformedError('a number is too long')
  }

  /** Reads a length and the bytes after it. A negative length means null. The bytes are not copied. */
  field(): Buffer | null {
    const length = this.varint()
    return length < 0 ? null : this.take(length)
  }

  /** Reads a length and the text after it. A negative length means null. */
  string(): string | null {
    return this.text(this.int16())
  }

  array<T>(read: () => T): T[] {
    return this.items(this.int32(), read)
  }

  protected text(length: number): string | null {
    return length < 0 ? null : this.take(length).toString()
  }

  /**
   * Reads a list of items. Each item takes at least one byte, so the list cannot have more items than there are bytes, even if the
   * count is wrong.
   *
   * @param count number of items; negative for null
   */
  protected items<T>(count: number, read: () => T): T[] {
    const items: T[] = []
    for (let left = count; left > 0; left--) items.push(read())
    return items
  }

  take(count: number): Buffer {
    const begin = this.#advance(count)
    return this.bytes.subarray(begin, this.at)
  }

  skip(count: number): void {
    this.#advance(count)
  }

  #byte(): number {
    if (this.at >= this.end) throw createMalformedError('it is truncated')
    return this.bytes[this.at++] as number
  }

  #advance(count: number): number {
    const begin = this.at
    if (count < 0 || count > this.end - begin) throw createMalformedError('it is truncated')
    this.at = begin + count
    return begin
  }
}
