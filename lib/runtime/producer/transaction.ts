/** The identity of a producer with transactions: what it writes is read only after it has committed. */

import type { BatchSequence } from '@sluice/kafka-records'
import { mayPass } from '../adapters/kafka/producing.ts'
import type { Clock } from '../adapters/system.ts'
import { TransactionUncertain } from './delivery.ts'
import { type Identity, type Numbers, numbersFrom } from './identity.ts'
import type { PartitionQueue } from './partition-queue.ts'
import type { Brokers } from './ports.ts'

export interface TransactionOptions {
  readonly transactionalId: string
  /** After this time the coordinator aborts by itself, in milliseconds. */
  readonly transactionTimeoutMs: number
  readonly retryBackoffMs: number
  /** How long to go on asking a coordinator that does not answer, or is busy. */
  readonly patienceMs: number
}

export class TransactionalIdentity implements Identity {
  readonly isSequenced = true
  readonly transactionalId: string
  readonly #brokers: Brokers
  readonly #clock: Clock
  readonly #options: TransactionOptions
  #numbers: Numbers | undefined
  readonly #partitions = new Set<string>()
  #adding: Promise<void> = Promise.resolve()

  constructor(brokers: Brokers, clock: Clock, options: TransactionOptions) {
    this.#brokers = brokers
    this.#clock = clock
    this.#options = options
    this.transactionalId = options.transactionalId
  }

  /** Ends what an earlier producer with the same id has left open. */
  async begin(): Promise<void> {
    const { transactionalId, transactionTimeoutMs } = this.#options
    this.#partitions.clear()
    this.#numbers ??= await this.#persist(() =>
      numbersFrom(this.#brokers, transactionalId, transactionTimeoutMs),
    )
  }

  async prepare(queues: readonly PartitionQueue[]): Promise<void> {
    this.#adding = this.#adding.catch(() => {}).then(() => this.#add(queues))
    return this.#adding
  }

  sequenceFor(queue: PartitionQueue, count: number): BatchSequence {
    return queue.sequenceOf(count, this.#numbers as Numbers)
  }

  /** The transaction is aborted, and the next one has another epoch. */
  restart(): boolean {
    return false
  }

  /** @throws TransactionUncertain */
  async commit(): Promise<void> {
    try {
      await this.#end(true)
    } catch (error) {
      this.#numbers = undefined
      throw mayPass(error) ? new TransactionUncertain(error) : error
    }
  }

  /** If it cannot be told to abort, the coordinator does it at the beginning of the next transaction, or after its time-out. */
  async abort(): Promise<void> {
    try {
      await this.#end(false)
    } finally {
      // What was sent and not answered must not count for the next transaction: a new epoch shuts it out.
      this.#numbers = undefined
    }
  }

  async #end(isCommit: boolean): Promise<void> {
    if (this.#partitions.size === 0) return
    await this.#persist(() => this.#brokers.endTransaction(this.#open, isCommit))
  }

  async #add(queues: readonly PartitionQueue[]): Promise<void> {
    const added = queues.filter(({ topic, partition }) => !this.#partitions.has(`${topic}/${partition}`))
    if (added.length === 0) return
    const topics = Map.groupBy(added, ({ topic }) => topic)
    const named = [...topics].map(([topic, group]) => ({
      topic,
      partitions: group.map(one => one.partition),
    }))
    await this.#persist(() => this.#brokers.addPartitions(this.#open, named))
    for (const { topic, partition } of added) this.#partitions.add(`${topic}/${partition}`)
  }

  get #open() {
    const { producerId, producerEpoch } = this.#numbers as Numbers
    return { transactionalId: this.transactionalId, producerId: String(producerId), producerEpoch }
  }

  /** Each of these calls can be repeated: the coordinator finishes one thing before it begins another. */
  async #persist<T>(call: () => Promise<T>): Promise<T> {
    const untilMs = this.#clock.nowMs() + this.#options.patienceMs
    while (true) {
      try {
        return await call()
      } catch (error) {
        if (!mayPass(error) || this.#clock.nowMs() >= untilMs) throw error
        await new Promise<void>(resolve => this.#clock.after(this.#options.retryBackoffMs, resolve))
      }
    }
  }
}
