/** Kafka records, independent of any client library. */
import type { HeaderBytes } from './header-bytes.ts'

export type RecordHeader<Bytes extends HeaderBytes = HeaderBytes> = readonly [name: string, value: Bytes]

/** A record as the log has it. */
export interface LogRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Milliseconds since the epoch; on LogAppendTime topics from the broker's clock. */
  readonly timestampMs: number
  readonly key: Buffer | null
  /** null is a tombstone. */
  readonly value: Buffer | null
  /** In order; Kafka allows a name more than once. */
  readonly headers: readonly RecordHeader[]
  /**
   * The size of the record in the log. Set only if the record is larger than an event that Lambda can deliver: then its value is
   * left out, and so are its key and headers if they are large.
   */
  readonly oversizeBytes?: number
  /**
   * Set only if Lambda's own registry support has decoded the key or the value: it is JSON, and the bytes that the producer wrote are
   * only in the log.
   */
  readonly decodedByLambda?: { readonly key?: LambdaSchema; readonly value?: LambdaSchema }
  /**
   * Set only if Lambda's own registry support has validated the value, which is JSON, and has delivered it without the id of its schema.
   * The value has that id again: `readableValue` is what was delivered.
   */
  readonly validatedByLambda?: true
}

/** The schema with which Lambda has validated a key or a value: `keySchemaMetadata` and `valueSchemaMetadata` of its events. */
export interface LambdaSchema {
  readonly dataFormat: 'JSON' | 'AVRO' | 'PROTOBUF'
  /** Id of the schema: decimal for a registry with Confluent's API, a UUID for AWS Glue. */
  readonly schemaId: string
}

/** A record to be written. Without `partition`, the key decides the partition. */
export interface OutgoingRecord {
  readonly topic: string
  /** Absent: the key decides. */
  readonly partition?: number
  /** A copy goes to each partition that the topic has. */
  readonly everyPartition?: true
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader<Buffer>[]
}

/** Approximate size of the record in its topic: the broker adds a few bytes of framing. */
export function sizeOf(record: Pick<LogRecord, 'key' | 'value' | 'headers'>): number {
  const headers = record.headers.reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + value.length + 10,
    0,
  )
  return (record.key?.length ?? 0) + (record.value?.length ?? 0) + headers + 100
}
