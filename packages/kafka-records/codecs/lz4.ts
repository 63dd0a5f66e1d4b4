/**
 * The frame format of LZ4 (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md), in which all clients of Kafka write.
 * Its checksums are passed over: Kafka's own covers the whole batch, and old clients wrote a wrong one into the header.
 */
import { LimitReached } from '../unreadable-batch.ts'
import { inflateBlock, LARGEST_FACTOR } from './lz4-block.ts'

const MAGIC = 0x184d2204

/** Bits of the first byte of a frame's descriptor. */
const VERSION_MASK = 0xc0
const VERSION_1 = 0x40
const HAS_BLOCK_CHECKSUM = 0x10
const HAS_CONTENT_SIZE = 0x08
const HAS_CONTENT_CHECKSUM = 0x04
const HAS_DICTIONARY = 0x01

/** In the length of a block: its bytes are stored as they are. */
const IS_STORED = 0x80000000
const LENGTH_MASK = 0x7fffffff

const CHECKSUM_BYTES = 4

export function inflateLz4(bytes: Buffer, limit: number): Buffer {
  const input = new Input(bytes)
  const output = new Output(limit)
  do inflateFrame(input, output)
  while (!input.isAtEnd)
  return output.taken()
}

function inflateFrame(input: Input, output: Output): void {
  if (input.uint32() !== MAGIC) throw new Error('no LZ4 frame begins where one should')
  const flags = input.byte()
  if ((flags & VERSION_MASK) !== VERSION_1) throw new Error('the frame is of an unknown version')
  if (flags & HAS_DICTIONARY) throw new Error('the frame needs a dictionary')
  const largestBlock = largestBlockBytes(input.byte())
  if (flags & HAS_CONTENT_SIZE) input.skip(8)
  // The checksum of the header.
  input.skip(1)
  // Blocks may refer to those before them in their frame.
  const frameStart = output.length
  for (let size = input.uint32(); size !== 0; size = input.uint32()) {
    const block = input.bytes(size & LENGTH_MASK)
    if (size & IS_STORED) output.append(block)
    else output.appendInflated(block, largestBlock, frameStart)
    if (flags & HAS_BLOCK_CHECKSUM) input.skip(CHECKSUM_BYTES)
  }
  if (flags & HAS_CONTENT_CHECKSUM) input.skip(CHECKSUM_BYTES)
}

/** 64 KiB, 256 KiB, 1 MiB or 4 MiB. */
function largestBlockBytes(descriptor: number): number {
  const code = (descriptor >> 4) & 7
  if (code < 4) throw new Error('the frame has an unknown block size')
  return 2 ** (8 + 2 * code)
}

/** Reads in order; refuses to read beyond the end. */
class Input {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  byte(): number {
    return this.bytes(1)[0] as number
  }

  uint32(): number {
    return this.bytes(4).readUInt32LE()
  }

  bytes(count: number): Buffer {
    const begin = this.#at
    this.skip(count)
    return this.#bytes.subarray(begin, this.#at)
  }

  skip(count: number): void {
    this.#at += count
    if (this.#at > this.#bytes.length) throw new Error('the frame is cut off')
  }
}

/** Grows with what is really there, never by what a header claims. */
class Output {
  readonly #limit: number
  #bytes = Buffer.alloc(0)
  #length = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get length(): number {
    return this.#length
  }

  append(stored: Buffer): void {
    const end = this.#length + stored.length
    if (end > this.#limit) throw new LimitReached(this.#limit)
    this.#reserve(end)
    stored.copy(this.#bytes, this.#length)
    this.#length = end
  }

  appendInflated(block: Buffer, largestBlock: number, windowStart: number): void {
    const atMost = this.#length + Math.min(largestBlock, LARGEST_FACTOR * block.length)
    const end = Math.min(atMost, this.#limit)
    this.#reserve(end)
    const reached = inflateBlock(block, this.#bytes, { at: this.#length, end, windowStart })
    if (reached === undefined) {
      if (end === this.#limit) throw new LimitReached(this.#limit)
      throw new Error('a block inflates to more than its frame allows')
    }
    this.#length = reached
  }

  taken(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  #reserve(length: number): void {
    if (length <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.min(this.#limit, Math.max(length, 2 * this.#bytes.length)))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}
