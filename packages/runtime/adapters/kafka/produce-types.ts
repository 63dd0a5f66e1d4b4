/** Brokers as a producer needs them. Free of any client library, because the types of the public package refer to this file. */
import type { OutgoingRecord } from '../../cloudevents/record.ts'
import type { Publisher } from '../../pipeline/ports.ts'

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
  readonly onSent?: () => void
}

/** Compresses the records of a batch. Resolves to the codec's number in the batch, and the compressed bytes. */
export type Deflate = (
  codec: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd',
  bytes: Buffer,
) => Promise<readonly [number: number, compressed: Buffer]>

/** Answer of a leader about one batch. */
export interface BatchAnswer {
  readonly topic: string
  readonly partition: number
  /** 0 is success; see `producing.ts`. */
  readonly errorCode: number
  /** Offset of the first record; -1 if the broker does not know it any more. */
  readonly baseOffset: number
}

/** Numbers by which brokers recognise the sequences of a producer. */
export interface ProducerNumbers {
  /** A 64-bit integer, in decimal. */
  readonly producerId: string
  readonly producerEpoch: number
}

export interface OpenTransaction extends ProducerNumbers {
  readonly transactionalId: string
}

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

/** A publisher that also knows the sizes of topics, and the offsets of the records it has published. */
export interface TopicPublisher extends Publisher {
  partitionsOf(topic: string): Promise<number>
  /** Resolves to the offset of each record; that of the last copy if one was sent again. */
  publish(records: readonly OutgoingRecord[]): Promise<readonly number[]>
}
