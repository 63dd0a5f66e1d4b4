/** Valid record batches in the form that producers write, and invalid batches. */
import { createRequire } from 'node:module'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { snappyCompress } from 'hysnappy'

// Use another implementation than the decoder, which is tested with these batches.
const crc32C: (bytes: Buffer) => number = createRequire(import.meta.url)(
  'kafkajs/src/protocol/recordBatch/crc32C',
)

/** Position of the first byte that the checksum covers. Offset, length, leader epoch, magic byte and checksum precede it. */
const CHECKED_FROM = 21

export interface WrittenRecord {
  readonly key?: Buffer | string | null
  readonly value?: Buffer | string | null
  readonly headers?: readonly (readonly [name: string, value: Buffer | string | null])[]
  /** Difference from the offset of the batch's first record; by default, the difference of the previous record plus one. */
  readonly offsetDelta?: number
  readonly timestampDelta?: number
}

export interface WrittenBatch {
  readonly records: readonly WrittenRecord[]
  readonly baseOffset?: number
  /** Delta in the batch header; by default, the delta of the last record. */
  readonly lastOffsetDelta?: number
  readonly codec?: CodecName | number
  readonly isLogAppendTime?: boolean
  readonly isTransactional?: boolean
  readonly isControl?: boolean
  readonly producerId?: number
  readonly firstTimestampMs?: number
  readonly maxTimestampMs?: number
  readonly recordCount?: number
  /** Bytes that replace the compressed records. */
  readonly body?: Buffer
  /** Function that changes the records before compression. */
  readonly broken?: (records: Buffer) => Buffer
}

const NUMBERS = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const
export type CodecName = keyof typeof NUMBERS
export const CODEC_NAMES = Object.keys(NUMBERS) as CodecName[]

export function recordBatch({
  records,
  baseOffset = 0,
  lastOffsetDelta,
  codec = 'none',
  isLogAppendTime = false,
  isTransactional = false,
  isControl = false,
  producerId = -1,
  firstTimestampMs = 1_000,
  maxTimestampMs = 9_000,
  recordCount = records.length,
  broken = bytes => bytes,
  body: given,
}: WrittenBatch): Buffer {
  const number = typeof codec === 'number' ? codec : NUMBERS[codec]
  const last = lastOffsetDelta ?? records.at(-1)?.offsetDelta ?? records.length - 1
  const plain = () => broken(Buffer.concat(records.map((record, n) => recordBytes(record, n))))
  const body = given ?? compressed(number, plain())
  const head = Buffer.alloc(61)
  head.writeBigInt64BE(BigInt(baseOffset))
  head.writeInt32BE(49 + body.length, 8)
  head.writeInt8(2, 16)
  const flags = (isLogAppendTime ? 8 : 0) | (isTransactional ? 16 : 0) | (isControl ? 32 : 0)
  head.writeInt16BE(number | flags, 21)
  head.writeInt32BE(last, 23)
  head.writeBigInt64BE(BigInt(firstTimestampMs), 27)
  head.writeBigInt64BE(BigInt(maxTimestampMs), 35)
  head.writeBigInt64BE(BigInt(producerId), 43)
  head.writeInt32BE(recordCount, 57)
  return sealed(Buffer.concat([head, body]))
}

/** Sets the checksum of a batch. */
export function sealed(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32C(batch.subarray(CHECKED_FROM)) >>> 0, 17)
  return batch
}

/**
 * Returns a batch of three records. The second has the key `large` and a value that consists of this number of MiB of zeros. The
 * batch is built without creating the uncompressed value in memory.
 */
export function bombBatch(
  codec: 'gzip' | 'zstd',
  mib: number,
  [before, after]: readonly [WrittenRecord, WrittenRecord],
  firstTimestampMs = 1_000,
): Buffer {
  const compress = codec === 'gzip' ? gzipSync : zstdCompressSync
  const large = recordBytes({ key: 'large', value: '' }, 1)
  const length = large[0] as number
  const bytes = mib * 1024 * 1024
  // Remove the length, the empty value and the number of headers.
  const head = Buffer.concat([large.subarray(1, -2), varint(bytes)])
  const size = varint(length / 2 - 2 + varint(bytes).length + bytes + 1)
  const piece = compress(Buffer.alloc(1024 * 1024))
  const body = Buffer.concat([
    compress(Buffer.concat([recordBytes(before, 0), size, head])),
    ...Array.from({ length: mib }, () => piece),
    compress(Buffer.concat([varint(0), recordBytes(after, 2)])),
  ])
  const maxTimestampMs = firstTimestampMs
  return recordBatch({ records: [before, {}, after], codec, body, firstTimestampMs, maxTimestampMs })
}

/** Returns a batch with the control record that ends a transaction. */
export function marker(end: 'abort' | 'commit', baseOffset: number, producerId: number): Buffer {
  const key = Buffer.from([0, 0, 0, end === 'commit' ? 1 : 0])
  return recordBatch({ baseOffset, producerId, isControl: true, isTransactional: true, records: [{ key }] })
}

function recordBytes(
  { key = null, value = null, headers = [], offsetDelta, timestampDelta }: WrittenRecord,
  n: number,
): Buffer {
  const fields = Buffer.concat([
    Buffer.from([0]),
    varint(timestampDelta ?? n),
    varint(offsetDelta ?? n),
    field(key),
    field(value),
    varint(headers.length),
    ...headers.flatMap(([name, bytes]) => [field(name), field(bytes)]),
  ])
  return Buffer.concat([varint(fields.length), fields])
}

function field(bytes: Buffer | string | null): Buffer {
  return bytes === null ? varint(-1) : Buffer.concat([varint(Buffer.byteLength(bytes)), Buffer.from(bytes)])
}

function varint(value: number): Buffer {
  // Fast path for small values, which are the most common.
  if (value >= -64 && value < 64) return Buffer.from([(value << 1) ^ (value >> 31)])
  const bytes: number[] = []
  let rest = (BigInt(value) << 1n) ^ (BigInt(value) >> 63n)
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  bytes.push(Number(rest))
  return Buffer.from(bytes)
}

function compressed(codec: number, bytes: Buffer): Buffer {
  if (codec === NUMBERS.gzip) return gzipSync(bytes)
  if (codec === NUMBERS.zstd) return zstdCompressSync(bytes)
  if (codec === NUMBERS.snappy) return xerial(bytes)
  return codec === NUMBERS.lz4 ? lz4Frame(bytes) : bytes
}

/** Encodes bytes in the xerial framing of Snappy, in the same way as the Java client except for the block size. */
function xerial(bytes: Buffer): Buffer {
  const head = Buffer.from([0x82, ...Buffer.from('SNAPPY'), 0, 0, 0, 0, 1, 0, 0, 0, 1])
  const blocks = pieces(bytes, 32 * 1024).flatMap(piece => {
    const block = Buffer.from(snappyCompress(piece))
    const length = Buffer.alloc(4)
    length.writeUInt32BE(block.length)
    return [length, block]
  })
  return Buffer.concat([head, ...blocks])
}

/** Returns an LZ4 frame. Runs of the same byte are encoded as matches, and everything else as literals. */
function lz4Frame(bytes: Buffer): Buffer {
  const blocks = pieces(bytes, 64 * 1024).flatMap(piece => {
    const isRun = piece.length > 300 && piece.every(byte => byte === piece[0])
    const block = isRun ? lz4Run(piece[0] as number, piece.length) : piece
    const length = Buffer.alloc(4)
    length.writeUInt32LE(isRun ? block.length : (block.length | 0x80000000) >>> 0)
    return [length, block]
  })
  return Buffer.concat([Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]), ...blocks, Buffer.alloc(4)])
}

function lz4Run(byte: number, length: number): Buffer {
  // One literal, a match at distance 1, and the five literals with which a block must end.
  const match = length - 1 - 5 - 4 - 15
  const more = [...Array(Math.floor(match / 255)).fill(255), match % 255]
  return Buffer.from([0x1f, byte, 1, 0, ...more, 0x50, byte, byte, byte, byte, byte])
}

function pieces(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
    bytes.subarray(n * size, (n + 1) * size),
  )
}
