/**
 * Snappy. librdkafka writes a batch as one raw block. Java clients write the framing of xerial's snappy-java: a header, then
 * raw blocks of 32 KiB, each with its length before it.
 */
import { snappyUncompress, snappyUncompressor } from 'hysnappy'
import { LimitReached } from '../unreadable-batch.ts'

/** No raw block begins with these bytes: after its length would come a copy of something before it. */
const XERIAL_MAGIC = Buffer.from([0x82, ...Buffer.from('SNAPPY'), 0])
/** The magic, a version and the oldest compatible version. */
const XERIAL_HEADER_BYTES = 16

/** A block cannot grow by more: three bytes can repeat at most 64. */
const LARGEST_FACTOR = 22

/**
 * One instance of the decoder is kept, since Java clients write many small blocks. Its memory never shrinks, so a larger
 * block has an instance of its own.
 */
const KEPT_INSTANCE_BYTES = 1024 * 1024
const uncompress = snappyUncompressor()

export function inflateSnappy(bytes: Buffer, limit: number): Buffer {
  const blocks = bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC) ? xerialBlocks(bytes) : [bytes]
  const parts: Uint8Array[] = []
  let length = 0
  for (const block of blocks) {
    const size = inflatedSize(block)
    length += size
    if (length > limit) throw new LimitReached(limit)
    if (size > LARGEST_FACTOR * block.length)
      throw new Error(`${block.length} bytes cannot inflate to ${size}`)
    parts.push(size > KEPT_INSTANCE_BYTES ? snappyUncompress(block, size) : uncompress(block, size))
  }
  const [only = new Uint8Array(0)] = parts
  return parts.length > 1
    ? Buffer.concat(parts, length)
    : Buffer.from(only.buffer, only.byteOffset, only.byteLength)
}

function* xerialBlocks(bytes: Buffer): Generator<Buffer> {
  let at = XERIAL_HEADER_BYTES
  while (at < bytes.length) {
    if (at + 4 > bytes.length) throw new Error('the length of a block is cut off')
    const begin = at + 4
    at = begin + bytes.readUInt32BE(at)
    if (at > bytes.length) throw new Error('a block is cut off')
    yield bytes.subarray(begin, at)
  }
}

/** The length of the result stands before a block: 32 bits, seven in a byte, the lowest first. */
function inflatedSize(block: Buffer): number {
  let size = 0
  for (let index = 0; index < 5; index++) {
    const byte = block[index]
    if (byte === undefined) break
    size += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return size
  }
  throw new Error('the length of the result is cut off')
}
