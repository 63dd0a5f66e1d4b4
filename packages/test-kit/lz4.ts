/** Decodes LZ4 frames by their specification (lz4_Frame_format.md, 1.6.4). It shares no code with what it checks. */

const MAGIC = 0x184d2204
const BLOCK_CHECKSUMS = 0b10000
const HAS_SIZE = 0b1000
const IS_PLAIN = 0x80000000
/** The decoded bytes of one batch are at most this many. */
const MAX_BYTES = 64 * 1024 * 1024

/** @throws RangeError if the bytes are not a whole frame */
export function lz4Decoded(frame: Buffer): Buffer {
  if (frame.readUInt32LE(0) !== MAGIC) throw new RangeError('not a frame of LZ4')
  const flags = frame.readUInt8(4)
  let at = 7 + (flags & HAS_SIZE ? 8 : 0)
  const out: number[] = []
  for (let size = frame.readUInt32LE(at); size !== 0; size = frame.readUInt32LE(at)) {
    const length = (size & ~IS_PLAIN) >>> 0
    const block = frame.subarray(at + 4, at + 4 + length)
    if (block.length < length) throw new RangeError('the frame is cut off')
    if ((size & IS_PLAIN) !== 0) for (const byte of block) out.push(byte)
    else decodeBlock(block, out)
    if (out.length > MAX_BYTES) throw new RangeError('the frame is too large')
    at += 4 + length + (flags & BLOCK_CHECKSUMS ? 4 : 0)
  }
  return Buffer.from(out)
}

/** Appends literals and copies of earlier bytes; the last sequence has only literals. */
function decodeBlock(block: Buffer, out: number[]): void {
  let at = 0
  const lengthFrom = (nibble: number): number => {
    let length = nibble
    if (nibble === 15)
      for (let more = 255; more === 255; length += more) {
        more = block.readUInt8(at)
        at += 1
      }
    return length
  }
  while (at < block.length) {
    const token = block.readUInt8(at)
    at += 1
    const literals = lengthFrom(token >> 4)
    for (const byte of block.subarray(at, at + literals)) out.push(byte)
    at += literals
    if (at >= block.length) return
    const distance = block.readUInt16LE(at)
    at += 2
    const matched = 4 + lengthFrom(token & 15)
    if (distance === 0 || distance > out.length) throw new RangeError('a copy of what is not there')
    for (let n = 0; n < matched; n += 1) out.push(out[out.length - distance] as number)
  }
}
