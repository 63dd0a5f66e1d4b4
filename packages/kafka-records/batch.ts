/** The frame of a record batch (https://kafka.apache.org/documentation/#recordbatch), the only format since Kafka 0.11. */
import { Cursor } from './cursor.ts'
import { UnreadableBatch } from './unreadable-batch.ts'

export const MAGIC = 2
/** Offset and length, which are not counted by the length. */
const LENGTH_END = 12
/** The magic byte has this position in every format. */
const MAGIC_AT = 16
const HEADER_BYTES = 61

const CODEC_MASK = 0x07
const IS_LOG_APPEND_TIME = 0x08
const IS_TRANSACTIONAL = 0x10
const IS_CONTROL = 0x20

/** A batch with undecoded records. */
export interface Batch {
  readonly baseOffset: number
  /** As written. Compaction may have removed the record with this offset. */
  readonly lastOffset: number
  readonly codec: number
  readonly isTransactional: boolean
  readonly isControl: boolean
  /** Whether `maxTimestampMs`, set by the broker, is the timestamp of each record. */
  readonly isLogAppendTime: boolean
  readonly partitionLeaderEpoch: number
  readonly firstTimestampMs: number
  readonly maxTimestampMs: number
  readonly producerId: string
  readonly producerEpoch: number
  readonly firstSequence: number
  readonly recordCount: number
  /** As in the log, compressed or not. */
  readonly records: Buffer
}

/** The format of the first batch; undefined if there is none. */
export function magicOf(bytes: Buffer): number | undefined {
  return bytes.length > MAGIC_AT ? bytes.readInt8(MAGIC_AT) : undefined
}

/**
 * The batches of a fetched partition, in order. A fetch can end anywhere, so the last batch may be incomplete; it is
 * omitted.
 */
export function* batchesOf(bytes: Buffer): Generator<Batch> {
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const end = at + LENGTH_END + bytes.readInt32BE(at + 8)
    const magic = bytes.readInt8(at + MAGIC_AT)
    if (magic !== MAGIC) throw corrupt(`has format ${magic} after batches of format ${MAGIC}`)
    if (end < at + HEADER_BYTES) throw corrupt('is shorter than its own header')
    if (end > bytes.length) return
    yield batchAt(bytes, at, end)
    at = end
  }
}

function batchAt(bytes: Buffer, at: number, end: number): Batch {
  const cursor = new Cursor(bytes, at, end)
  const baseOffset = Number(cursor.int64())
  cursor.skip(4)
  const partitionLeaderEpoch = cursor.int32()
  // The magic byte, and a checksum that the broker has verified.
  cursor.skip(1 + 4)
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
    records: cursor.take(end - cursor.at),
  }
}

function corrupt(what: string): UnreadableBatch {
  return new UnreadableBatch('corrupt', `a record batch ${what}`)
}
