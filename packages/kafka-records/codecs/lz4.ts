/**
 * Decoder for the LZ4 frame format (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md), which all Kafka clients write.
 * The checksums of the frame are ignored: Kafka's own checksum covers the whole batch, and old clients wrote an incorrect header
 * checksum.
 */

import { Cursor } from '../cursor.ts'
import type { Inflater } from '../inflater.ts'
import { createLimitError } from '../unreadable-bytes.ts'
import { inflateBlock, MAX_FACTOR } from './lz4-block.ts'

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
