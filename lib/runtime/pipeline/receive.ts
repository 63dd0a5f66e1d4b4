/** Step 1: turns a Lambda event into records by partition, in offset order. */
import type { LogRecord, RecordHeader } from '../cloudevents/record.ts'

/** The event that Lambda passes for a Kafka event source, managed (`aws:kafka`) or self-managed. */
export interface KafkaEvent {
  readonly records: Readonly<Record<string, readonly KafkaEventRecord[]>>
}

export interface KafkaEventRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  /** Who set the timestamp: the producer or the broker. */
  readonly timestampType?: 'CREATE_TIME' | 'LOG_APPEND_TIME'
  /** Base64; absent or null if it is null in Kafka. */
  readonly key?: string | null
  readonly value?: string | null
  /** Each entry has one name. Bytes may be signed. The value is not a list if the header is null in Kafka. */
  readonly headers?: readonly Readonly<Record<string, readonly number[] | object | null>>[]
}

export interface PartitionBatch {
  readonly topic: string
  readonly partition: number
  /** Ascending by offset, each offset once. */
  readonly records: readonly LogRecord[]
  /** The first offset whose timestamp the producer set; absent if there is none. */
  readonly createTimeFrom?: number
}

/** Groups the batch by partition. A batch without records is an error of the caller, not an empty success. */
export function receive(event: KafkaEvent): PartitionBatch[] {
  const groups = Object.values(event?.records ?? {}).filter(group => group.length > 0)
  if (groups.length === 0) throw new TypeError('not a Kafka event: "records" holds no record')
  return groups.map(group => {
    const byOffset = new Map(group.map(record => [record.offset, toLogRecord(record)]))
    const records = [...byOffset.values()].sort((a, b) => a.offset - b.offset)
    const { topic, partition } = records[0] as LogRecord
    const createTimes = group.filter(({ timestampType }) => timestampType === 'CREATE_TIME')
    if (createTimes.length === 0) return { topic, partition, records }
    return { topic, partition, records, createTimeFrom: Math.min(...createTimes.map(({ offset }) => offset)) }
  })
}

function toLogRecord(record: KafkaEventRecord): LogRecord {
  return {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timestampMs: record.timestamp,
    key: decodeBase64(record.key),
    value: decodeBase64(record.value),
    headers: headersOf(record.headers ?? []),
  }
}

/** A header that is null in Kafka has no bytes, like an empty one. This does not depend on how the record was delivered. */
function headersOf(entries: NonNullable<KafkaEventRecord['headers']>): RecordHeader[] {
  const headers: RecordHeader[] = []
  for (const entry of entries)
    for (const name of Object.keys(entry)) {
      const bytes = entry[name]
      headers.push([name, Array.isArray(bytes) ? bytes : NO_BYTES])
    }
  return headers
}

const NO_BYTES: readonly number[] = []

function decodeBase64(text: string | null | undefined): Buffer | null {
  return text === null || text === undefined ? null : Buffer.from(text, 'base64')
}
