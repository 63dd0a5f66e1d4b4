/** Record batches, version 2: what a fetch brings. */
import { Reader } from './wire.ts'

/** A record as the broker keeps it. */
export interface KafkaRecord {
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [name: string, value: Buffer])[]
}

/** Of a batch's attributes. */
const COMPRESSION = 0b111
const LOG_APPEND_TIME = 0b1000
const CONTROL = 0b100000

/** The records from an offset on; a batch that a fetch has cut off is left for the next. */
export function recordsIn(bytes: Buffer, partition: number, fromOffset: number): KafkaRecord[] {
  const reader = new Reader(bytes)
  const records: KafkaRecord[] = []
  while (reader.left >= 12) {
    const baseOffset = reader.int64()
    const length = reader.int32()
    if (reader.left < length) break
    records.push(...recordsOf(new Reader(reader.take(length)), partition, baseOffset))
  }
  return records.filter(({ offset }) => offset >= fromOffset)
}

function recordsOf(batch: Reader, partition: number, baseOffset: number): KafkaRecord[] {
  batch.int32()
  const magic = batch.int8()
  batch.int32()
  const attributes = batch.int16()
  if (magic !== 2 || attributes & COMPRESSION)
    throw new Error(`a batch of version ${magic} with attributes ${attributes} cannot be read`)
  batch.int32()
  const baseTimestampMs = batch.int64()
  const maxTimestampMs = batch.int64()
  // Producer id, epoch and sequence.
  batch.take(14)
  const records = batch.list(() => {
    batch.varint()
    batch.int8()
    const timestampMs = baseTimestampMs + batch.varint()
    const offset = baseOffset + batch.varint()
    const [key, value] = [bytesOf(batch), bytesOf(batch)]
    const headers = Array.from({ length: batch.varint() }, () => {
      const name = String(bytesOf(batch))
      return [name, bytesOf(batch) ?? Buffer.alloc(0)] as const
    })
    // The broker's own clock is noted once for the whole batch.
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
  return attributes & CONTROL ? [] : records
}

function bytesOf(batch: Reader): Buffer | null {
  const length = batch.varint()
  return length < 0 ? null : batch.take(length)
}
