/** What the producer needs from outside. */
import type {
  BatchAnswer,
  OpenTransaction,
  ProducerNumbers,
  SendRequest,
  TopicPartitions,
} from '../adapters/kafka/produce-types.ts'

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
