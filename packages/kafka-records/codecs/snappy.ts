/**
 * Decoder for Snappy. librdkafka writes a batch as one raw block. Java clients use the framing of xerial's snappy-java: a header,
 * followed by raw blocks of 32 KiB, each with a length prefix.
 */
import { snappyUncompress, snappyUncompressor } from 'hysnappy'
import { Cursor } from '../cursor.ts'
import type { Inflater } from '../inflater.ts'
import { createLimitError } from '../unreadable-bytes.ts'

/**
 * First bytes of the framing header. A raw block cannot start with these bytes: after its length, there would be a copy of earlier
 * bytes, which do not exist.
 */
const XERIAL_MAGIC = Buffer.from([0x82, ...Buffer.from('SNAPPY'), 0])
/** Size of the header in bytes. The header contains the magic bytes, a version and the oldest compatible version. */
const XERIAL_HEADER_BYTES = 16

/** Maximum ratio of the decompressed size to the compressed size: three bytes can repeat at most 64 bytes. */
const MAX_FACTOR = 22

/**
 * One decoder instance is reused, because Java clients write many small blocks. The memory of an instance never shrinks, so a
 * larger block is decoded with a new instance.
 */
const KEPT_INSTANCE_BYTES = 1024 * 1024
const uncompress = snappyUncompressor()

export const snappy: Inflater = { atOnce: inflateSnappy, inParts: snappyParts }

function inflateSnappy(bytes: Buffer, limit: number): Buffer {
  const parts: Buffer[] = []
  let length = 0
  for (const block of readBlocks(bytes)) {
    const part = inflateBlock(block, limit - length)
    length += part.length
    parts.push(part)
  }
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, length)
}

/** Yields the blocks. A block cannot be decompressed in parts, so the limit applies to each block. */
function* snappyParts(bytes: Buffer, limit: number): Generator<Buffer> {
  for (const block of readBlocks(bytes)) yield inflateBlock(block, limit)
}

function inflateBlock(block: Buffer, limit: number): Buffer {
  // A block begins with the length of its result.
  const size = new Cursor(block).uvarint()
  if (size > limit) throw createLimitError(limit)
  if (size > MAX_FACTOR * block.length)
    throw new Error(`${block.length} bytes cannot be decompressed to ${size}`)
  const part = size > KEPT_INSTANCE_BYTES ? snappyUncompress(block, size) : uncompress(block, size)
  return Buffer.from(part.buffer, part.byteOffset, part.byteLength)
}

function readBlocks(bytes: Buffer): Iterable<Buffer> {
  return bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC) ? readXerialBlocks(bytes) : [bytes]
}

function* readXerialBlocks(bytes: Buffer): Generator<Buffer> {
  const cursor = new Cursor(bytes, XERIAL_HEADER_BYTES)
  while (cursor.at < cursor.end) yield cursor.take(cursor.int32())
}
