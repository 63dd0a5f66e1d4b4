/** The brokers, in the words of a producer. Free of any client library, because the types of the public package lead here. */
import type { OutgoingRecord } from '../../cloudevents/record.ts'
import type { Publisher } from '../../pipeline/ports.ts'

/** A finished record batch, and where it goes. */
interface AddressedBatch {
  readonly topic: string
  readonly partition: number
  readonly bytes: Buffer
}

export interface SendRequest {
  readonly transactionalId: string | null
  readonly acks: 'all' | 1
  /** How long the answer may take, in milliseconds. */
  readonly withinMs: number
  /** One for each partition at most. */
  readonly batches: readonly AddressedBatch[]
  /** Called when a request that is sent next arrives after this one. */
  readonly onSent?: () => void
}

/** Compresses the records of a batch. Resolves to the number of the codec in the batch, and the compressed bytes. */
export type Deflate = (
  codec: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd',
  bytes: Buffer,
) => Promise<readonly [number: number, compressed: Buffer]>

/** What a leader says of one batch. */
export interface BatchAnswer {
  readonly topic: string
  readonly partition: number
  /** 0 is success; see `producing.ts`. */
  readonly errorCode: number
  /** Of the first record; -1 if the broker does not know it any more. */
  readonly baseOffset: number
}

/** By which brokers tell the sequences of a producer. */
export interface ProducerNumbers {
  /** A 64-bit integer, in decimal. */
  readonly producerId: string
  readonly producerEpoch: number
}

/** A transaction that is open. */
export interface OpenTransaction extends ProducerNumbers {
  readonly transactionalId: string
}

/** Partitions of a topic. */
export interface TopicPartitions {
  readonly topic: string
  readonly partitions: readonly number[]
}

/** The brokers; `ProducingConnection` is the real one. It retries nothing. */
export interface Brokers {
  load(topic: string): Promise<void>
  refresh(): Promise<void>
  leadersOf(topic: string): ReadonlyMap<number, number>
  send(leader: number, request: SendRequest): Promise<readonly BatchAnswer[]>
  identify(transactionalId?: string, transactionTimeoutMs?: number): Promise<ProducerNumbers>
  addPartitions(transaction: OpenTransaction, topics: readonly TopicPartitions[]): Promise<void>
  endTransaction(transaction: OpenTransaction, isCommit: boolean): Promise<void>
  close(): Promise<void>
}

/** A publisher that also knows the sizes of topics, and where what it has published lies. */
export interface TopicPublisher extends Publisher {
  /** How many partitions the topic has now. */
  partitionsOf(topic: string): Promise<number>
  /**
   * Publishes records, and resolves to the offset of each. If one had to be sent again, the offset is that of the last copy.
   *
   * @throws as `publish` does
   */
  append(records: readonly OutgoingRecord[]): Promise<readonly number[]>
}
