/**
 * Decoder for the LZ4 frame format (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md), which all Kafka clients write.
 * The checksums of the frame are ignored: Kafka's own checksum covers the whole batch, and old clients wrote an incorrect header
 * checksum.
 */

import { Cursor } from '../cursor.ts'
import type { Inflater } from '../inflater.ts'
import { createLimitError } from '../unreadable-bytes.ts'

/** Maximum ratio of decompressed to compressed size: each byte of a block adds at most 255 to the length of a match. */
const MAX_FACTOR = 255

/** Length value in a token (four bits) that means that further bytes follow, which are added to the length. */
const LENGTH_CONTINUES = 15
const SHORTEST_MATCH = 4
/** Minimum length, in bytes, for which a copy call is faster than a loop. */
const LONG = 32

const MAGIC = 0x184d2204

/** Bits of the first byte of a frame descriptor. */
const VERSION_MASK = 0xc0
const VERSION_1 = 0x40
const HAS_BLOCK_CHECKSUM = 0x10
const HAS_CONTENT_SIZE = 0x08
const HAS_CONTENT_CHECKSUM = 0x04
const HAS_DICTIONARY = 0x01

/** Flag in the length field of a block. It means that the block is not compressed. */
const IS_STORED = 0x80000000
const LENGTH_MASK = 0x7fffffff

const CHECKSUM_BYTES = 4

/** Maximum distance of a match, in bytes. */
const WINDOW_BYTES = 64 * 1024

export const lz4: Inflater = { atOnce: inflateLz4, inParts: lz4Parts }

function inflateLz4(bytes: Buffer, limit: number): Buffer {
  const parts: Buffer[] = []
  let length = 0
  // Each part is overwritten by the next, so it is copied.
  for (const part of lz4Parts(bytes)) {
    length += part.length
    if (length > limit) throw createLimitError(limit)
    parts.push(Buffer.from(part))
  }
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, length)
}

/** Yields decompressed parts. Each part is overwritten by the next. Only bytes to which the next block can refer are kept. */
function* lz4Parts(bytes: Buffer): Generator<Buffer> {
  let room = Buffer.alloc(0)
  let windowEnd = 0
  for (const block of readBlocks(bytes)) {
    if (block.isFirst) windowEnd = 0
    const most = windowEnd + mostBytes(block)
    if (most > room.length) {
      const larger = Buffer.allocUnsafeSlow(WINDOW_BYTES + most)
      room.copy(larger, 0, 0, windowEnd)
      room = larger
    }
    const end = block.isStored
      ? windowEnd + block.bytes.copy(room, windowEnd)
      : inflateBlock(block.bytes, room, { at: windowEnd, end: most, windowStart: 0 })
    if (end === undefined) throw createTooLongError()
    yield room.subarray(windowEnd, end)
    const windowStart = Math.max(0, end - WINDOW_BYTES)
    room.copyWithin(0, windowStart, end)
    windowEnd = end - windowStart
  }
}

interface Block {
  readonly bytes: Buffer
  readonly isStored: boolean
  readonly largest: number
  readonly isFirst: boolean
}

function mostBytes({ bytes, isStored, largest }: Block): number {
  return isStored ? bytes.length : Math.min(largest, MAX_FACTOR * bytes.length)
}

function createTooLongError(): Error {
  return new Error('a decompressed block is larger than its frame allows')
}

function* readBlocks(bytes: Buffer): Generator<Block> {
  const input = new Cursor(bytes)
  do yield* readFrameBlocks(input)
  while (input.at < input.end)
}

function* readFrameBlocks(input: Cursor): Generator<Block> {
  if (uint32(input) !== MAGIC) throw new Error('no LZ4 frame begins here')
  const flags = input.int8()
  if ((flags & VERSION_MASK) !== VERSION_1) throw new Error('the frame has an unknown version')
  if (flags & HAS_DICTIONARY) throw new Error('the frame needs a dictionary')
  const largest = largestBlockBytes(input.int8())
  if (flags & HAS_CONTENT_SIZE) input.skip(8)
  // Skip the checksum of the header.
  input.skip(1)
  let isFirst = true
  for (let size = uint32(input); size !== 0; size = uint32(input)) {
    const bytes = input.take(size & LENGTH_MASK)
    yield { bytes, isStored: (size & IS_STORED) !== 0, largest, isFirst }
    isFirst = false
    if (flags & HAS_BLOCK_CHECKSUM) input.skip(CHECKSUM_BYTES)
  }
  if (flags & HAS_CONTENT_CHECKSUM) input.skip(CHECKSUM_BYTES)
}

function uint32(input: Cursor): number {
  return input.take(4).readUInt32LE()
}

/** Returns the maximum block size: 64 KiB, 256 KiB, 1 MiB or 4 MiB. */
function largestBlockBytes(descriptor: number): number {
  const code = (descriptor >> 4) & 7
  if (code < 4) throw new Error('the frame has an unknown block size')
  return 2 ** (8 + 2 * code)
}

interface OutputRange {
  /** Position in the output at which the block starts. */
  readonly at: number
  /** End of the output range, exclusive. */
  readonly end: number
  /** Earliest position to which matches may refer. */
  readonly windowStart: number
}

/**
 * Decompresses a block.
 *
 * @returns the position after the result, or undefined if the result would exceed its range
 * @throws Error if the block is truncated or refers to bytes that do not exist
 */
function inflateBlock(
  block: Buffer,
  output: Buffer,
  { at: begin, end, windowStart }: OutputRange,
): number | undefined {
  const size = block.length
  let from = 0
  let at = begin
  while (from < size) {
    const token = block[from++] as number

    let literals = token >> 4
    if (literals === LENGTH_CONTINUES) {
      let more = 255
      while (more === 255) {
        if (from >= size) throw createTruncatedError()
        more = block[from++] as number
        literals += more
      }
    }
    if (from + literals > size) throw createTruncatedError()
    if (at + literals > end) return undefined
    if (literals >= LONG) {
      block.copy(output, at, from, from + literals)
      at += literals
      from += literals
    } else {
      for (const stop = at + literals; at < stop; ) output[at++] = block[from++] as number
    }
    // The last sequence has no match.
    if (from === size) return at

    if (from + 2 > size) throw createTruncatedError()
    const distance = (block[from] as number) | ((block[from + 1] as number) << 8)
    from += 2
    let match = (token & 15) + SHORTEST_MATCH
    if ((token & 15) === LENGTH_CONTINUES) {
      let more = 255
      while (more === 255) {
        if (from >= size) throw createTruncatedError()
        more = block[from++] as number
        match += more
      }
    }
    let source = at - distance
    if (distance === 0 || source < windowStart) throw new Error('a block refers to bytes before its frame')
    if (at + match > end) return undefined
    if (match >= LONG && distance >= match) {
      output.copyWithin(at, source, source + match)
      at += match
    } else {
      // Copy byte by byte, because a match may overlap its own output.
      for (const stop = at + match; at < stop; ) output[at++] = output[source++] as number
    }
  }
  throw createTruncatedError()
}

function createTruncatedError(): Error {
  return new Error('a block is truncated')
}
