/** Kafka records, independent of any client library. */
import type { HeaderBytes } from './header-bytes.ts'

export type RecordHeader<Bytes extends HeaderBytes = HeaderBytes> = readonly [name: string, value: Bytes]

/** A record as stored in the log. */
export interface LogRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Timestamp in milliseconds since the epoch; on topics with LogAppendTime, from the broker's clock. */
  readonly timestampMs: number
  readonly key: Buffer | null
  /** A null value is a tombstone. */
  readonly value: Buffer | null
  /** Headers in order. Kafka allows duplicate names. */
  readonly headers: readonly RecordHeader[]
  /**
   * Size of the record in the log, in bytes. Set only if Lambda cannot deliver a record of this size. In that
   * case the value is omitted, and also the key and the headers if they are large.
   */
  readonly oversizeBytes?: number
  /**
   * Set only if Lambda's schema registry support has decoded the key or the value. The decoded key or value is JSON, and the bytes
   * that the producer wrote exist only in the log.
   */
  readonly decodedByLambda?: { readonly key?: LambdaSchema; readonly value?: LambdaSchema }
  /**
   * Set only if Lambda's schema registry support has validated the value, which is JSON, and has delivered it
   * without its schema id. The id has been restored in `value`; `readableValue` returns the value without it.
   */
  readonly validatedByLambda?: true
  /** Identity of the log, see `formatLog`. Set only for a process with `foreignLogs`. */
  readonly log?: string
  /**
   * Wall clock at which the record was read, in milliseconds since the epoch. Set only for a process with `foreignLogs`, because any
   * producer of such a log can write any timestamp.
   */
  readonly readAtMs?: number
  /** Time by which the record advances the clock of its log; by default its timestamp. */
  readonly clockMs?: number
}

/** Schema with which Lambda has validated a key or a value, from `keySchemaMetadata` or `valueSchemaMetadata` of Lambda's event. */
export interface LambdaSchema {
  readonly dataFormat: 'JSON' | 'AVRO' | 'PROTOBUF'
  /** Id of the schema: a decimal number for a registry with Confluent's API, a UUID for AWS Glue. */
  readonly schemaId: string
}

/** A record to write. */
export interface OutgoingRecord {
  readonly topic: string
  /** Target partition; if absent, the key determines it. */
  readonly partition?: number
  /** If true, a copy is written to each partition of the topic. */
  readonly everyPartition?: true
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader<Buffer | null>[]
}

/** Returns the approximate size of the record in its topic, in bytes. The broker adds a few bytes of framing. */
export function estimateSize(record: Pick<LogRecord, 'key' | 'value' | 'headers'>): number {
  const headers = record.headers.reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + (value?.length ?? 0) + 10,
    0,
  )
  return (record.key?.length ?? 0) + (record.value?.length ?? 0) + headers + 100
}
