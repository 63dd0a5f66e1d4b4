/** Step 1: turns a Lambda event into records by partition, in offset order. */
import { originalBytes } from '../../cloudevents/lambda-schema.ts'
import type { LambdaSchema, LogRecord, RecordHeader } from '../../cloudevents/record.ts'

/** Event with which Lambda invokes a function for a Kafka event source, managed (`aws:kafka`) or self-managed. */
export interface KafkaEvent {
  readonly records: Readonly<Record<string, readonly KafkaEventRecord[]>>
}

export interface KafkaEventRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  /** Origin of the timestamp: the producer or the broker. */
  readonly timestampType?: 'CREATE_TIME' | 'LOG_APPEND_TIME'
  /**
   * Key and value as base64, or null or absent if null in Kafka. If Lambda has decoded the data with a schema registry, each can
   * also be an object or plain text.
   */
  readonly key?: string | object | null
  readonly value?: string | object | null
  /** Set if the event source mapping is configured with a schema registry. */
  readonly keySchemaMetadata?: LambdaSchema
  readonly valueSchemaMetadata?: LambdaSchema
  /**
   * Headers, with one header name per entry. Bytes may be signed integers. The value of a header that is null in Kafka is not an
   * array.
   */
  readonly headers?: readonly Readonly<Record<string, readonly number[] | object | null>>[]
}

export interface PartitionBatch {
  readonly topic: string
  readonly partition: number
  /** Ascending by offset, each offset once. */
  readonly records: readonly LogRecord[]
  /** First offset with a timestamp that was set by the producer; absent if the broker has set all timestamps. */
  readonly createTimeFrom?: number
}

/** Groups the batch by partition. A batch without records is rejected, because it indicates an error of the caller. */
export function receive(event: KafkaEvent): PartitionBatch[] {
  const groups = Object.values(event?.records ?? {}).filter(group => group.length > 0)
  if (groups.length === 0) throw new TypeError('not a Kafka event: "records" contains no records')
  return groups.map(group => {
    const byOffset = new Map(group.map(record => [record.offset, toLogRecord(record)]))
    const records = [...byOffset.values()].sort((a, b) => a.offset - b.offset)
    const { topic, partition } = records[0] as LogRecord
    const createTimes = group.filter(({ timestampType }) => timestampType === 'CREATE_TIME')
    if (createTimes.length === 0) return { topic, partition, records }
    return { topic, partition, records, createTimeFrom: Math.min(...createTimes.map(({ offset }) => offset)) }
  })
}

export function toLogRecord(record: KafkaEventRecord): LogRecord {
  const { topic, partition, offset, keySchemaMetadata, valueSchemaMetadata } = record
  const plain = {
    topic,
    partition,
    offset,
    timestampMs: record.timestamp,
    headers: toHeaders(record.headers ?? []),
    key: decodeBase64(record.key),
    value: decodeBase64(record.value),
  }
  return keySchemaMetadata || valueSchemaMetadata
    ? restoreOriginalBytes(plain, keySchemaMetadata, valueSchemaMetadata)
    : plain
}

/** Restores the original bytes of a key and a value that Lambda has decoded with a schema registry, where this is possible. */
function restoreOriginalBytes(
  record: LogRecord,
  keySchema?: LambdaSchema,
  valueSchema?: LambdaSchema,
): LogRecord {
  const key = record.key && keySchema && originalBytes(record.key, keySchema)
  const value = record.value && valueSchema && originalBytes(record.value, valueSchema)
  const decoded = {
    ...(record.key && keySchema && !key ? { key: keySchema } : {}),
    ...(record.value && valueSchema && !value ? { value: valueSchema } : {}),
  }
  return {
    ...record,
    ...(key ? { key } : {}),
    ...(value ? { value } : {}),
    ...(value && valueSchema?.dataFormat === 'JSON' ? { validatedByLambda: true as const } : {}),
    ...(Object.keys(decoded).length > 0 ? { decodedByLambda: decoded } : {}),
  }
}

function toHeaders(entries: NonNullable<KafkaEventRecord['headers']>): RecordHeader[] {
  const headers: RecordHeader[] = []
  for (const entry of entries)
    for (const name of Object.keys(entry)) {
      const bytes = entry[name]
      headers.push([name, Array.isArray(bytes) ? bytes : null])
    }
  return headers
}

function decodeBase64(text: string | object | null | undefined): Buffer | null {
  if (text === null || text === undefined) return null
  return typeof text === 'string' ? Buffer.from(text, 'base64') : Buffer.from(JSON.stringify(text))
}
