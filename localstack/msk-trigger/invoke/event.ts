import { headersOf } from '@sluice/kafka-records'
import type { KafkaMessage } from 'kafkajs'
import type { Mapping } from '../config/mappings.ts'
import type { OpenChoices } from '../config/open-choices.ts'
import { type LambdaHeaders, MANY_HEADERS, setHeaders } from './event-text.ts'

/** A Kafka record as Lambda delivers it. Rules 12, 13. */
export interface LambdaRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Milliseconds since 1970. */
  readonly timestamp: number
  readonly timestampType: 'CREATE_TIME' | 'LOG_APPEND_TIME'
  /** Base64. For a record without a key it is absent, or null if so configured. */
  readonly key?: string | null
  /** Rule 14. Only if a schema registry is used. */
  readonly keySchemaMetadata?: SchemaMetadata
  /** Base64. For a tombstone it is absent, or null if so configured: AWS does not specify which. */
  readonly value?: string | null
  readonly valueSchemaMetadata?: SchemaMetadata
  readonly headers: LambdaHeaders
}

/** The event that a Kafka mapping sends to a function. Rule 11. */
export interface LambdaEvent {
  readonly eventSource: 'aws:kafka' | 'SelfManagedKafka'
  readonly eventSourceArn?: string
  readonly bootstrapServers: string
  readonly records: Readonly<Record<string, readonly LambdaRecord[]>>
}

/** The delivered part of a kafkajs message. `batchContext` exists at run time but not in kafkajs's types. */
export type Message = Pick<KafkaMessage, 'key' | 'value' | 'timestamp' | 'offset' | 'headers'> & {
  readonly batchContext?: { readonly timestampType?: number }
  /** In log order. */
  readonly headerList?: readonly (readonly [name: string, value: Buffer | null])[]
  /** Set if the record is larger than any event: its size in the log. Its value was omitted. */
  readonly oversizeBytes?: number | undefined
  /** Schemas of key and value. Rule 14. */
  readonly keySchema?: SchemaMetadata
  readonly valueSchema?: SchemaMetadata
  /** Set if key or value is delivered as JSON instead of base64. */
  readonly bare?: { readonly key?: boolean; readonly value?: boolean }
}

/** Rule 14. */
export interface SchemaMetadata {
  readonly dataFormat: 'JSON' | 'AVRO' | 'PROTOBUF'
  readonly schemaId: string
}

/** The key of a partition in `records`, and its name in a partial response. */
export function partitionName(topic: string, partition: number): string {
  return `${topic}-${partition}`
}

/** Builds an event. `parts` maps partitions to their records in offset order. Rules 7, 11. */
export function lambdaEvent(
  mapping: Pick<Mapping, 'kind' | 'topic' | 'eventSourceArn'>,
  brokers: readonly string[],
  parts: Iterable<readonly [partition: number, records: readonly LambdaRecord[]]>,
): LambdaEvent {
  const named = [...parts].map(([partition, records]) => [partitionName(mapping.topic, partition), records])
  return {
    eventSource: mapping.kind === 'msk' ? 'aws:kafka' : 'SelfManagedKafka',
    ...(mapping.eventSourceArn !== undefined && { eventSourceArn: mapping.eventSourceArn }),
    bootstrapServers: brokers.join(','),
    records: Object.fromEntries(named),
  }
}

/** Whether it takes far longer than others to build a record of this message. */
export function hasManyHeaders({ headerList }: Message): boolean {
  return headerList !== undefined && headerList.length >= MANY_HEADERS
}

/** Builds one record. Rules 12, 13. */
export function lambdaRecord(
  topic: string,
  partition: number,
  message: Message,
  tombstone: OpenChoices['tombstone'] = 'absent',
): LambdaRecord {
  const record: { -readonly [K in keyof LambdaRecord]: LambdaRecord[K] } = {
    topic,
    partition,
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    // For LogAppendTime (1), kafkajs already sets the timestamp to the broker's time.
    timestampType: message.batchContext?.timestampType === 1 ? 'LOG_APPEND_TIME' : 'CREATE_TIME',
    headers: [],
  }
  setHeaders(record, headersOf(message))
  if (message.key != null) record.key = field(message.key, message.bare?.key)
  else if (tombstone === 'null') record.key = null
  if (message.keySchema) record.keySchemaMetadata = message.keySchema
  if (message.value != null) record.value = field(message.value, message.bare?.value)
  else if (tombstone === 'null') record.value = null
  if (message.valueSchema) record.valueSchemaMetadata = message.valueSchema
  return record
}

/** In base64; or the JSON that a registry decoded, which can have any type. */
function field(bytes: Buffer, isBare = false): string {
  return isBare ? JSON.parse(bytes.toString()) : bytes.toString('base64')
}
