import type { KafkaMessage } from 'kafkajs'
import type { Mapping } from './mappings.ts'
import type { OpenChoices } from './open-choices.ts'

/** A Kafka record in Lambda's form. Rules 12, 13. */
export interface LambdaRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Milliseconds since 1970. */
  readonly timestamp: number
  readonly timestampType: 'CREATE_TIME' | 'LOG_APPEND_TIME'
  /** Base64. Absent, or null where that is chosen, for a record without a key. */
  readonly key?: string | null
  /** Rule 14. Only where a schema registry has read it. */
  readonly keySchemaMetadata?: SchemaMetadata
  /** Base64. Absent for a tombstone, or null where that is chosen: AWS does not say which. */
  readonly value?: string | null
  readonly valueSchemaMetadata?: SchemaMetadata
  readonly headers: readonly Readonly<Record<string, readonly number[]>>[]
}

/** What a Kafka mapping sends to a function. Rule 11. */
export interface LambdaEvent {
  readonly eventSource: 'aws:kafka' | 'SelfManagedKafka'
  readonly eventSourceArn?: string
  readonly bootstrapServers: string
  readonly records: Readonly<Record<string, readonly LambdaRecord[]>>
}

/** The part of a kafkajs message that is delivered; `batchContext` is there at run time, but not in its types. */
export type Message = Pick<KafkaMessage, 'key' | 'value' | 'timestamp' | 'offset' | 'headers'> & {
  readonly batchContext?: { readonly timestampType?: number }
  /** What a schema registry knows of key and value. Rule 14. */
  readonly keySchema?: SchemaMetadata
  readonly valueSchema?: SchemaMetadata
  /** Key and value where they are delivered as JSON itself, not in base64. */
  readonly bare?: { readonly key?: boolean; readonly value?: boolean }
}

/** Rule 14. */
export interface SchemaMetadata {
  readonly dataFormat: 'JSON' | 'AVRO' | 'PROTOBUF'
  readonly schemaId: string
}

/** The key of a partition in `records`, and the name of it in a partial response. */
export function partitionName(topic: string, partition: number): string {
  return `${topic}-${partition}`
}

/** A whole event. `parts` maps partitions to their records in offset order. Rules 7, 11. */
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

/** One record in Lambda's form. Rules 12, 13. */
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
    // kafkajs already gives the broker's time as the timestamp where the batch says LogAppendTime (1).
    timestampType: message.batchContext?.timestampType === 1 ? 'LOG_APPEND_TIME' : 'CREATE_TIME',
    headers: headerEntries(message).map(([name, bytes]) => ({ [name]: [...bytes] })),
  }
  if (message.key != null) record.key = field(message.key, message.bare?.key)
  else if (tombstone === 'null') record.key = null
  if (message.keySchema) record.keySchemaMetadata = message.keySchema
  if (message.value != null) record.value = field(message.value, message.bare?.value)
  else if (tombstone === 'null') record.value = null
  if (message.valueSchema) record.valueSchemaMetadata = message.valueSchema
  return record
}

/** In base64; or what a registry decoded, whose type is then the handler's to know. */
function field(bytes: Buffer, isBare = false): string {
  return isBare ? JSON.parse(bytes.toString()) : bytes.toString('base64')
}

/**
 * The headers one by one. Repeats are kept in their order. kafkajs hands them over as an object, so what cannot be
 * kept is the order between different names where a name comes again later (`a b a` becomes `a a b`) or looks like
 * a whole number (JavaScript puts those first). A header without a value has no bytes.
 */
export function headerEntries(message: Pick<Message, 'headers'>): [name: string, bytes: Buffer][] {
  const entries = Object.entries(message.headers ?? {})
  // Most records have none.
  if (entries.length === 0) return []
  return entries.flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one): [string, Buffer] => [name, Buffer.from(one ?? '')]),
  )
}
