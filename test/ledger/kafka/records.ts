/** Parses record batches (version 2), which a fetch returns. */
import { gunzipSync } from 'node:zlib'
import { lz4Decoded } from '@sluice/test-kit/lz4'
import { Reader } from './wire.ts'

/** A record as the broker stores it. */
export interface KafkaRecord {
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [name: string, value: Buffer])[]
  /**
   * Whether another producer has compressed the batch: only partition and offset are known then, which is enough to count that
   * each is decided once.
   */
  readonly isCompressed?: boolean
}

/** An aborted transaction in a partition. */
interface Aborted {
  readonly producerId: number
  readonly firstOffset: number
}

/** Committed records, and the offset after the last batch, even if that had no records. */
interface CommittedRecords {
  readonly records: KafkaRecord[]
  readonly nextOffset: number
}

/** Bits of the attributes of a batch. */
const COMPRESSION = 0b111
const GZIP = 1
const LZ4 = 3
const LOG_APPEND_TIME = 0b1000
const TRANSACTIONAL = 0b10000
const CONTROL = 0b100000

/** The committed records from an offset on. A batch that the fetch has truncated is left for the next fetch. */
export function readRecords(
  bytes: Buffer,
  partition: number,
  fromOffset: number,
  aborted: readonly Aborted[],
): CommittedRecords {
  const reader = new Reader(bytes)
  const records: KafkaRecord[] = []
  const coming = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
  const aborting = new Set<number>()
  let nextOffset = fromOffset
  while (reader.left >= 12) {
    const baseOffset = reader.int64()
    const length = reader.int32()
    if (reader.left < length) break
    const batch = readBatch(new Reader(reader.take(length)), baseOffset)
    nextOffset = Math.max(nextOffset, batch.lastOffset + 1)
    while (coming[0] && coming[0].firstOffset <= batch.lastOffset)
      aborting.add((coming.shift() as Aborted).producerId)
    // A marker ends the aborted transaction of its producer. The next one may be committed.
    if (batch.attributes & CONTROL) aborting.delete(batch.producerId)
    else if (!(batch.attributes & TRANSACTIONAL && aborting.has(batch.producerId)))
      records.push(...decodeRecords(batch, partition))
  }
  return { records: records.filter(({ offset }) => offset >= fromOffset), nextOffset }
}

interface Batch {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly attributes: number
  readonly baseTimestampMs: number
  readonly maxTimestampMs: number
  readonly producerId: number
  /** The batch from its number of records on. */
  readonly rest: Reader
}

function readBatch(rest: Reader, baseOffset: number): Batch {
  rest.int32()
  const magic = rest.int8()
  if (magic !== 2) throw new Error(`a batch of version ${magic} cannot be read`)
  rest.int32()
  const attributes = rest.int16()
  const lastOffset = baseOffset + rest.int32()
  const [baseTimestampMs, maxTimestampMs, producerId] = [rest.int64(), rest.int64(), rest.int64()]
  // Skip epoch and sequence.
  rest.take(6)
  return { baseOffset, lastOffset, attributes, baseTimestampMs, maxTimestampMs, producerId, rest }
}

function decodeRecords(
  { baseOffset, lastOffset, attributes, baseTimestampMs, maxTimestampMs, rest }: Batch,
  partition: number,
): KafkaRecord[] {
  const batch = inflated(rest, attributes & COMPRESSION)
  if (!batch)
    return Array.from({ length: lastOffset - baseOffset + 1 }, (_, at) => ({
      partition,
      offset: baseOffset + at,
      timestampMs: maxTimestampMs,
      key: null,
      value: null,
      headers: [],
      isCompressed: true,
    }))
  return batch.list(() => {
    batch.varint()
    batch.int8()
    const timestampMs = baseTimestampMs + batch.varint()
    const offset = baseOffset + batch.varint()
    const [key, value] = [readBytes(batch), readBytes(batch)]
    const headers = Array.from({ length: batch.varint() }, () => {
      const name = String(readBytes(batch))
      return [name, readBytes(batch) ?? Buffer.alloc(0)] as const
    })
    // Log append time gives the whole batch one timestamp.
    const isAppendTime = (attributes & LOG_APPEND_TIME) !== 0
    return {
      partition,
      offset,
      timestampMs: isAppendTime ? maxTimestampMs : timestampMs,
      key,
      value,
      headers,
    }
  })
}

/** The batch from its number of records on; undefined if it cannot be inflated. The project writes lz4 or gzip. */
function inflated(rest: Reader, codec: number): Reader | undefined {
  if (codec === 0) return rest
  const inflate = codec === GZIP ? gunzipSync : codec === LZ4 ? lz4Decoded : undefined
  if (!inflate) return undefined
  const count = rest.take(4)
  try {
    return new Reader(Buffer.concat([count, inflate(rest.take(rest.left))]))
  } catch {
    return undefined
  }
}

function readBytes(batch: Reader): Buffer | null {
  const length = batch.varint()
  return length < 0 ? null : batch.take(length)
}
