/** Kafka records, without any client's types. */

import type { HeaderBytes } from './header-bytes.ts'

export type RecordHeader<Bytes extends HeaderBytes = HeaderBytes> = readonly [name: string, value: Bytes]

/** A record as the log has it. */
export interface LogRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Milliseconds since the epoch; on LogAppendTime topics the broker's. */
  readonly timestampMs: number
  readonly key: Buffer | null
  /** null is a tombstone. */
  readonly value: Buffer | null
  /** In order; Kafka allows a name more than once. */
  readonly headers: readonly RecordHeader[]
}

/** A record to be written. Without `partition`, the key decides. */
export interface OutgoingRecord {
  readonly topic: string
  readonly partition?: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader<Buffer>[]
}

/** About what the record takes in its topic: the broker counts a few bytes of framing beside these. */
export function sizeOf(record: Pick<LogRecord, 'key' | 'value' | 'headers'>): number {
  const headers = record.headers.reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + value.length + 10,
    0,
  )
  return (record.key?.length ?? 0) + (record.value?.length ?? 0) + headers + 100
}
