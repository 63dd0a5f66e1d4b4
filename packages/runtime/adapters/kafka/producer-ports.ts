/**
 * Interfaces between a producer and the brokers. They do not use types of the client library, because the public types of the
 * package refer to this file.
 */
import type { OutgoingRecord } from '../../cloudevents/record.ts'
import type { Publisher } from '../../pipeline/ports.ts'

interface AddressedBatch {
  readonly topic: string
  readonly partition: number
  readonly bytes: Buffer
}

export interface SendRequest {
  readonly acks: 'all' | 1
  /** Time limit for the response, in milliseconds. */
  readonly withinMs: number
  /** Batches to send, at most one per partition. */
  readonly batches: readonly AddressedBatch[]
  readonly onSent?: () => void
}

/** Response of a partition leader to one batch. */
export interface BatchAnswer {
  readonly topic: string
  readonly partition: number
  /** Error code of the protocol; 0 for success. See `producer-connection.ts`. */
  readonly errorCode: number
  /** Offset of the first record; -1 if the broker no longer knows the offset. */
  readonly baseOffset: number
}

/** Producer id and epoch, by which brokers recognise the sequences of a producer. */
export interface ProducerNumbers {
  /** Producer id: a 64-bit integer in decimal digits. */
  readonly producerId: string
  readonly producerEpoch: number
}

/** Interface to the brokers, implemented by `ProducerConnection`. Its methods do not retry. */
export interface Brokers {
  load(topic: string): Promise<void>
  refresh(): Promise<void>
  getLeaders(topic: string): ReadonlyMap<number, number>
  send(leader: number, request: SendRequest): Promise<readonly BatchAnswer[]>
  identify(): Promise<ProducerNumbers>
  close(): Promise<void>
}

/** A publisher that also returns the number of partitions of a topic and the offsets of published records. */
export interface TopicPublisher extends Publisher {
  countPartitions(topic: string): Promise<number>
  /** Resolves to the offset of each record; if a record was sent again, to the offset of its last copy. */
  publish(records: readonly OutgoingRecord[]): Promise<readonly number[]>
}
