/** The primitives of Kafka's protocol: big-endian numbers, and text and bytes preceded by their length. */

export class Writer {
  readonly #parts: Buffer[] = []

  int8(value: number): this {
    return this.#put(1, buffer => buffer.writeInt8(value))
  }

  int16(value: number): this {
    return this.#put(2, buffer => buffer.writeInt16BE(value))
  }

  int32(value: number): this {
    return this.#put(4, buffer => buffer.writeInt32BE(value))
  }

  int64(value: number): this {
    return this.#put(8, buffer => buffer.writeBigInt64BE(BigInt(value)))
  }

  text(value: string): this {
    const bytes = Buffer.from(value)
    this.int16(bytes.length).#parts.push(bytes)
    return this
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#parts)
  }

  #put(size: number, write: (buffer: Buffer) => unknown): this {
    const buffer = Buffer.alloc(size)
    write(buffer)
    this.#parts.push(buffer)
    return this
  }
}

export class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  int8(): number {
    return this.#bytes.readInt8(this.#move(1))
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#move(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#move(4))
  }

  int64(): number {
    return Number(this.#bytes.readBigInt64BE(this.#move(8)))
  }

  /** Seven bits per byte, lowest bits first, zigzag-encoded. */
  varint(): number {
    let value = 0
    let factor = 1
    for (;;) {
      const byte = this.#bytes.readUInt8(this.#move(1))
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
      factor *= 128
    }
  }

  take(size: number): Buffer {
    const from = this.#move(size)
    return this.#bytes.subarray(from, from + size)
  }

  text(): string {
    return String(this.take(Math.max(0, this.int16())))
  }

  list<T>(item: () => T): T[] {
    return Array.from({ length: Math.max(0, this.int32()) }, item)
  }

  #move(size: number): number {
    const from = this.#at
    this.#at += size
    return from
  }
}
