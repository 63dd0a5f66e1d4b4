/**
 * Header of a record batch (https://kafka.apache.org/documentation/#recordbatch). Since Kafka 0.11, records are written only in
 * this format.
 */
import { crc32c } from './crc32c.ts'
import { Cursor } from './cursor.ts'
import { UnreadableBytes } from './unreadable-bytes.ts'

export const MAGIC = 2
/** Size of the base offset and the length field together, in bytes. The length excludes these bytes. */
const LENGTH_END = 12
/** Position of the magic byte, which is the same in every format. */
const MAGIC_AT = 16
const HEADER_BYTES = 61

const CODEC_MASK = 0x07
const IS_LOG_APPEND_TIME = 0x08
const IS_TRANSACTIONAL = 0x10
const IS_CONTROL = 0x20

/** A batch whose records are not decoded yet. */
export interface Batch {
  readonly baseOffset: number
  /** Offset of the last record that was written. Compaction may have removed this record. */
  readonly lastOffset: number
  readonly codec: number
  readonly isTransactional: boolean
  readonly isControl: boolean
  /** True if the timestamps of all records are `maxTimestampMs`, which the broker has set. */
  readonly isLogAppendTime: boolean
  readonly partitionLeaderEpoch: number
  readonly firstTimestampMs: number
  readonly maxTimestampMs: number
  readonly producerId: string
  readonly producerEpoch: number
  readonly firstSequence: number
  readonly recordCount: number
  /** Checksum of the bytes in `checked`. The broker verifies it on receipt, but not after storing or sending the bytes. */
  readonly checksum: number
  readonly checked: Buffer
  /** Bytes of the records as stored in the log, possibly compressed. */
  readonly records: Buffer
}

/** Returns the format version of the first batch; undefined if there is no batch. */
export function readMagic(bytes: Buffer): number | undefined {
  return bytes.length > MAGIC_AT ? bytes.readInt8(MAGIC_AT) : undefined
}

/** Yields the batches of a fetched partition, in order. A fetch can end at any byte, so an incomplete last batch is omitted. */
export function* readBatches(bytes: Buffer): Generator<Batch> {
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const end = at + LENGTH_END + bytes.readInt32BE(at + 8)
    const magic = bytes.readInt8(at + MAGIC_AT)
    if (magic !== MAGIC)
      throw createCorruptError(`has format ${magic}, not ${MAGIC}, which Kafka writes since 0.11`)
    if (end < at + HEADER_BYTES) throw createCorruptError('is shorter than its own header')
    if (end > bytes.length) return
    yield readBatch(bytes, at, end)
    at = end
  }
}

function readBatch(bytes: Buffer, at: number, end: number): Batch {
  const cursor = new Cursor(bytes, at, end)
  const baseOffset = Number(cursor.int64())
  cursor.skip(4)
  const partitionLeaderEpoch = cursor.int32()
  // Skip the magic byte.
  cursor.skip(1)
  const checksum = cursor.int32() >>> 0
  const checked = bytes.subarray(cursor.at, end)
  const attributes = cursor.int16()
  return {
    baseOffset,
    codec: attributes & CODEC_MASK,
    isLogAppendTime: (attributes & IS_LOG_APPEND_TIME) > 0,
    isTransactional: (attributes & IS_TRANSACTIONAL) > 0,
    isControl: (attributes & IS_CONTROL) > 0,
    partitionLeaderEpoch,
    lastOffset: baseOffset + cursor.int32(),
    firstTimestampMs: Number(cursor.int64()),
    maxTimestampMs: Number(cursor.int64()),
    producerId: String(cursor.int64()),
    producerEpoch: cursor.int16(),
    firstSequence: cursor.int32(),
    recordCount: cursor.int32(),
    checksum,
    checked,
    records: cursor.take(end - cursor.at),
  }
}

/**
 * Verifies the checksum. Without this check, damaged bytes could be decoded as other records.
 *
 * @throws UnreadableBytes if the checksum does not match
 */
export function verifyChecksum({ checksum, checked }: Batch): void {
  if (crc32c(checked) !== checksum)
    throw createCorruptError('has a wrong checksum: its bytes were changed after its producer wrote it')
}

function createCorruptError(what: string): UnreadableBytes {
  return new UnreadableBytes('corrupt', `a record batch ${what}`)
}
