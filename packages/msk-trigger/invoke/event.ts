import type { KafkaMessage } from 'kafkajs'

/** Kafka record in the form in which Lambda delivers it. See rules 12 and 13 in `RULES.md`. */
export interface LambdaRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Timestamp in milliseconds since the epoch. */
  readonly timestamp: number
  readonly timestampType: 'CREATE_TIME' | 'LOG_APPEND_TIME'
  /** Key in base64; absent for a record without a key. */
  readonly key?: string
  /** Present only if a schema registry is used. See rule 14 in `RULES.md`. */
  readonly keySchemaMetadata?: SchemaMetadata
  /** Value in base64; absent for a tombstone, because AWS does not specify it. */
  readonly value?: string
  readonly valueSchemaMetadata?: SchemaMetadata
  /** Bytes by name; an empty object where the header is null in Kafka. */
  readonly headers: readonly Readonly<Record<string, readonly number[] | Record<string, never>>>[]
}

/** Event that a Kafka mapping sends to a function. See rule 11 in `RULES.md`. */
export interface LambdaEvent {
  readonly eventSource: 'aws:kafka' | 'SelfManagedKafka'
  readonly eventSourceArn?: string
  readonly bootstrapServers: string
  readonly records: Readonly<Record<string, readonly LambdaRecord[]>>
}

/** Properties of a kafkajs message that are delivered. `batchContext` exists at run time but not in kafkajs's types. */
export type PolledMessage = Pick<KafkaMessage, 'key' | 'value' | 'timestamp' | 'offset' | 'headers'> & {
  readonly batchContext?: { readonly timestampType?: number }
  /** Headers in the order in which they are stored in the log. */
  readonly headerList?: readonly (readonly [name: string, value: Buffer | null])[]
  /**
   * Size of the record in the log, in bytes. Set only for a record that is larger than any event, whose value was therefore
   * omitted.
   */
  readonly oversizeBytes?: number | undefined
  /** Set for an offset without a record: a transaction marker, an aborted or a compacted record. */
  readonly isGap?: true
  /** Schemas of key and value. See rule 14 in `RULES.md`. */
  readonly keySchema?: SchemaMetadata
  readonly valueSchema?: SchemaMetadata
}

export interface SchemaMetadata {
  readonly dataFormat: 'JSON' | 'AVRO' | 'PROTOBUF'
  readonly schemaId: string
}

/** Returns the name of a partition that is used in `records` and in partial responses. */
export function partitionName(topic: string, partition: number): string {
  return `${topic}-${partition}`
}

/** Number of headers above which building a record noticeably delays other work: 90,000 headers take tens of milliseconds. */
const MANY_HEADERS = 500

/** Returns true if building a record of this message takes much longer than usual. */
export function hasManyHeaders({ headerList }: PolledMessage): boolean {
  return headerList !== undefined && headerList.length >= MANY_HEADERS
}
