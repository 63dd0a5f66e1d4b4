/** What the producer needs from outside. */
import type { ProduceAnswer, ProducerIdentity } from '@sluice/kafka-records'
import type { OpenTransaction, SendRequest } from '../adapters/kafka/producing.ts'

/** The brokers; `ProducingConnection` is the real one. It retries nothing. */
export interface Brokers {
  load(topic: string): Promise<void>
  refresh(): Promise<void>
  leadersOf(topic: string): ReadonlyMap<number, number>
  send(leader: number, request: SendRequest): Promise<readonly ProduceAnswer[]>
  identify(transactionalId?: string, transactionTimeoutMs?: number): Promise<ProducerIdentity>
  addPartitions(
    transaction: OpenTransaction,
    topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
  ): Promise<void>
  endTransaction(transaction: OpenTransaction, isCommit: boolean): Promise<void>
  close(): Promise<void>
}
