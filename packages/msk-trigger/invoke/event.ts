import type { KafkaMessage } from 'kafkajs'

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
  readonly headers: readonly Readonly<Record<string, readonly number[]>>[]
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
  /** Headers in log order. */
  readonly headerList?: readonly (readonly [name: string, value: Buffer | null])[]
  /** Set if the record is larger than any event: its size in the log. Its value was omitted. */
  readonly oversizeBytes?: number | undefined
  /** Schemas of key and value. Rule 14. */
  readonly keySchema?: SchemaMetadata
  readonly valueSchema?: SchemaMetadata
  /** Set if key or value is delivered as JSON instead of base64. */
  readonly bare?: { readonly key?: boolean; readonly value?: boolean }
}

export interface SchemaMetadata {
  readonly dataFormat: 'JSON' | 'AVRO' | 'PROTOBUF'
  readonly schemaId: string
}

/** The key of a partition in `records`, and its name in a partial response. */
export function partitionName(topic: string, partition: number): string {
  return `${topic}-${partition}`
}

/** Number of headers from which building a record delays others noticeably; 90,000 take tens of milliseconds. */
const MANY_HEADERS = 500

/** Whether it takes far longer than others to build a record of this message. */
export function hasManyHeaders({ headerList }: Message): boolean {
  return headerList !== undefined && headerList.length >= MANY_HEADERS
}
