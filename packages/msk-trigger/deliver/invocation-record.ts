import { createHash, randomUUID } from 'node:crypto'
import type { Mapping } from '../config/mappings.ts'
import { type LambdaEvent, partitionName } from '../invoke/event.ts'
import { type EventContent, RecordsEvent } from '../invoke/event-content.ts'
import type { PendingRecord } from '../poll/partition-queue.ts'
import { countRecords, type PartitionRecords } from '../support/partition-records.ts'

/** Latest time that a Date can represent, in milliseconds since the epoch; the earliest is its negative. */
const LAST_DATE_MS = 8.64e15

/**
 * Reason why records are discarded. AWS does not specify it for records that are too old. See rules 15 and 45 in `RULES.md`.
 */
export type Condition =
  | 'RetryAttemptsExhausted'
  | 'RecordAgeExceeded'
  | 'MaximumPayloadSizeExceeded'
  | 'SCHEMA_NOT_FOUND'
  | 'DESERIALIZATION_ERROR'

export interface DiscardedRecords {
  readonly parts: readonly PartitionRecords<PendingRecord>[]
  readonly condition: Condition
  readonly invocations: number
  /** Last response; absent if the records were never sent. */
  readonly response?: LastResponse
}

export interface LastResponse {
  readonly requestId: string
  /** True if the invocation failed as a whole; false if the function reported individual failed records. */
  readonly isFunctionError: boolean
}

type InvocationMapping = Pick<Mapping, 'kind' | 'topic' | 'eventSourceArn' | 'functionArn'>

/** Properties of an event source that all its payloads contain. */
export interface Origin {
  readonly mapping: InvocationMapping
  readonly brokers: readonly string[]
}

/** Returns the message for SQS and SNS, which contains only metadata. See rules 41 and 44 in `RULES.md`. */
export function batchRecord(discarded: DiscardedRecords, origin: Origin, nowMs: number) {
  const { parts } = discarded
  const { mapping } = origin
  const ranges = parts.map(({ partition, records }) => [
    partitionName(mapping.topic, partition),
    {
      firstRecordOffset: String(records[0]?.offset),
      lastRecordOffset: String(records.at(-1)?.offset),
      firstRecordTimestamp: formatTimestamp(records[0]),
      lastRecordTimestamp: formatTimestamp(records.at(-1)),
    },
  ])
  const event = createEvent(parts, origin).json()
  const info = { recordsInfo: Object.fromEntries(ranges) }
  return commonFields(discarded, mapping.functionArn, discarded.condition, info, event, origin, nowMs)
}

/** Returns the object for S3, which contains the same metadata and the whole event as text. See rule 46 in `RULES.md`. */
export function objectRecord(discarded: DiscardedRecords, origin: Origin, nowMs: number) {
  return {
    ...batchRecord(discarded, origin, nowMs),
    payload: createEvent(discarded.parts, origin).json(),
  }
}

/** Returns the message for a Kafka topic: one record, with an event that contains only this record. See rule 47 in `RULES.md`. */
export function topicRecord(discarded: DiscardedRecords, origin: Origin, nowMs: number) {
  const { mapping } = origin
  const record = discarded.parts[0]?.records[0]
  const { condition } = discarded
  const conditionName = condition === 'RetryAttemptsExhausted' ? 'RetriesExhausted' : condition
  const event = createEvent(discarded.parts, origin).json()
  const info = { recordInfo: { offset: String(record?.offset), timestamp: formatTimestamp(record) } }
  const payload = commonFields(
    discarded,
    `${mapping.functionArn}:$LATEST`,
    conditionName,
    info,
    event,
    origin,
    nowMs,
  )
  const asObject: LambdaEvent = JSON.parse(event)
  return { ...payload, payload: asObject }
}

export function* splitByRecord(discarded: DiscardedRecords): Generator<DiscardedRecords> {
  for (const { partition, records } of discarded.parts) {
    for (const record of records) yield { ...discarded, parts: [{ partition, records: [record] }] }
  }
}

export function createEvent(
  parts: readonly PartitionRecords<PendingRecord>[],
  { mapping, brokers }: Origin,
): EventContent {
  return new RecordsEvent(
    mapping,
    brokers,
    parts.map(({ partition, records }) => [partition, records.flatMap(({ packed }) => packed ?? [])]),
  )
}

function commonFields(
  { parts, invocations, response }: DiscardedRecords,
  functionArn: string,
  condition: string,
  info: object,
  event: string,
  { mapping, brokers }: Origin,
  nowMs: number,
) {
  return {
    requestContext: {
      requestId: response?.requestId ?? randomUUID(),
      functionArn,
      condition,
      approximateInvokeCount: invocations,
    },
    // Records that were never sent have no response. For records that are too large, AWS documents this.
    responseContext: response
      ? {
          statusCode: 200,
          executedVersion: '$LATEST',
          ...(response.isFunctionError && { functionError: 'Unhandled' }),
        }
      : null,
    version: '1.0',
    timestamp: new Date(nowMs).toISOString(),
    KafkaBatchInfo: {
      batchSize: countRecords(parts),
      ...(mapping.eventSourceArn !== undefined && { eventSourceArn: mapping.eventSourceArn }),
      bootstrapServers: brokers.join(','),
      payloadSize: Buffer.byteLength(event),
      ...info,
    },
  }
}

/**
 * Returns the record's timestamp, limited to the range of a Date; null for -1, "no timestamp". A producer may write any 64-bit
 * integer, and an error here would block the partition forever.
 */
function formatTimestamp(record: Pick<PendingRecord, 'timestampMs'> | undefined): string | null {
  const ms = record?.timestampMs ?? 0
  return ms === -1 ? null : new Date(Math.max(-LAST_DATE_MS, Math.min(ms, LAST_DATE_MS))).toISOString()
}

/**
 * Returns the key of an S3 object in the format that AWS documents for streams. The UUID in the key is derived from the consumer
 * group.
 */
export function objectKey(groupId: string, nowMs: number): string {
  const [date = '', time = ''] = new Date(nowMs).toISOString().slice(0, 19).split('T')
  const day = date.replaceAll('-', '/')
  return `aws/lambda/${toUuid(groupId)}/${day}/${date}T${time.replaceAll(':', '.')}-${randomUUID()}`
}

function toUuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  return hex.replace(/^(.{8})(.{4}).(.{3})(.{4})(.{12}).*/, '$1-$2-8$3-$4-$5')
}
