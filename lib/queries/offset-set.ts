/** Offsets of a partition that have something in common, at one bit each: a million of them take 125 kB. */

/** How many bits of a byte are set. */
const ONES = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length)

/** The set as JSON. */
export interface StoredOffsets {
  readonly start: number
  /** Base64; the first bit is the offset `start`. */
  readonly bits: string
}

/** Offsets from `start` to before `end`; others are never in it. */
export class OffsetSet {
  readonly start: number
  readonly end: number
  readonly #bits: Uint8Array

  constructor(start: number, end: number, bits?: Uint8Array) {
    this.start = start
    this.end = Math.max(start, end)
    this.#bits = new Uint8Array(Math.ceil((this.end - start) / 8))
    if (bits) this.#bits.set(bits.subarray(0, this.#bits.length))
  }

  static of({ start, bits }: StoredOffsets): OffsetSet {
    const bytes = Buffer.from(bits, 'base64')
    return new OffsetSet(start, start + bytes.length * 8, bytes)
  }

  has(offset: number): boolean {
    const at = offset - this.start
    return at >= 0 && offset < this.end && (((this.#bits[at >> 3] as number) >> (at & 7)) & 1) === 1
  }

  /** Adds the offsets from `from` to `to`, both included. */
  add(from: number, to: number = from): void {
    this.#write(from, to, true)
  }

  /** Removes the offsets from `from` to `to`, both included. */
  remove(from: number, to: number = from): void {
    this.#write(from, to, false)
  }

  get size(): number {
    let size = 0
    for (const byte of this.#bits) size += ONES[byte] as number
    return size
  }

  /** The lowest offset; undefined if there is none. */
  get first(): number | undefined {
    const index = this.#bits.findIndex(byte => byte !== 0)
    if (index < 0) return undefined
    const byte = this.#bits[index] as number
    return this.start + index * 8 + Math.log2(byte & -byte)
  }

  /** The same offsets in other bounds; those outside are left out. */
  within(start: number, end: number): OffsetSet {
    // Whole bytes are copied, so the new start may be up to seven offsets lower than asked.
    const aligned = Math.max(this.start, this.start + Math.floor((start - this.start) / 8) * 8)
    const set = new OffsetSet(aligned, end, this.#bits.subarray((aligned - this.start) / 8))
    if (start > aligned) set.remove(aligned, start - 1)
    return set
  }

  stored(): StoredOffsets {
    const used = this.#bits.findLastIndex(byte => byte !== 0) + 1
    return { start: this.start, bits: Buffer.from(this.#bits.subarray(0, used)).toString('base64') }
  }

  #write(from: number, to: number, isIn: boolean): void {
    const first = Math.max(from, this.start) - this.start
    const last = Math.min(to, this.end - 1) - this.start
    for (let at = first; at <= last; ) {
      if ((at & 7) === 0 && last - at >= 7) {
        const bytes = (last - at + 1) >> 3
        this.#bits.fill(isIn ? 0xff : 0, at >> 3, (at >> 3) + bytes)
        at += bytes * 8
        continue
      }
      const bit = 1 << (at & 7)
      const byte = this.#bits[at >> 3] as number
      this.#bits[at >> 3] = isIn ? byte | bit : byte & ~bit
      at += 1
    }
  }
}
