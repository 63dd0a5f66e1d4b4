/** Identities of producers. Brokers use them to recognise repeated batches and transactions. */
import type { BatchSequence } from '@sluice/kafka-records/writing'
import { brokersAnswer } from '../adapters/kafka/availability.ts'
import type { Brokers } from '../adapters/kafka/produce-types.ts'
import { mayPass } from '../adapters/kafka/producing.ts'
import type { Clock } from '../adapters/system.ts'
import type { PartitionQueue } from './accumulator.ts'
import { DeliveryFailed } from './delivery.ts'

export interface Identity {
  /** True if brokers recognise repeated batches. */
  readonly isSequenced: boolean
  readonly transactionalId: string | null
  /** Number that changes with each transaction. Batches of an earlier transaction are discarded. */
  readonly generation: number
  /** Prepares the identity before batches are sent to these partitions. Rejects if the brokers refuse the identity. */
  prepare(queues: readonly PartitionQueue[]): Promise<void>
  sequenceFor(queue: PartitionQueue, count: number): BatchSequence | undefined
  /**
   * Restarts the sequence of a partition if its state at the broker is unknown.
   *
   * @returns false if nothing may be sent under this identity any more
   */
  restart(queue: PartitionQueue): boolean
}

/** Identity of a producer without sequences: brokers do not recognise repeats. */
export const ANONYMOUS: Identity = {
  isSequenced: false,
  transactionalId: null,
  generation: 0,
  prepare: async () => {},
  sequenceFor: () => undefined,
  restart: () => true,
}

type Numbers = Pick<BatchSequence, 'producerId' | 'producerEpoch'>

/**
 * Identity of an idempotent producer. Each partition has its own sequence and epoch, so an error in one partition does not affect
 * the others.
 */
export class IdempotentIdentity implements Identity {
  readonly isSequenced = true
  readonly transactionalId = null
  readonly generation = 0
  readonly #brokers: Pick<Brokers, 'identify'>
  #numbers: Promise<Numbers> | undefined
  #current: Numbers | undefined

  constructor(brokers: Pick<Brokers, 'identify'>) {
    this.#brokers = brokers
  }

  async prepare(): Promise<void> {
    this.#numbers ??= numbersFrom(this.#brokers)
    try {
      this.#current = await this.#numbers
    } catch (error) {
      this.#numbers = undefined
      throw error
    }
  }

  sequenceFor(queue: PartitionQueue, count: number): BatchSequence {
    return queue.sequenceOf(count, this.#current as Numbers)
  }

  restart(queue: PartitionQueue): boolean {
    if (!queue.beginEpoch()) this.#numbers = undefined
    return true
  }
}

async function numbersFrom(
  brokers: Pick<Brokers, 'identify'>,
  transactionalId?: string,
  timeoutMs?: number,
): Promise<Numbers> {
  const { producerId, producerEpoch } = await brokers.identify(transactionalId, timeoutMs)
  return { producerId: BigInt(producerId), producerEpoch }
}

interface TransactionOptions {
  readonly transactionalId: string
  /** Time after which the coordinator aborts an unfinished transaction, in milliseconds. */
  readonly transactionTimeoutMs: number
  readonly retryBackoffMs: number
  /** Time for which requests to a busy or unresponsive coordinator are retried, in milliseconds. */
  readonly patienceMs: number
}

/** Identity of a producer with transactions, whose records become readable after the commit. */
export class TransactionalIdentity implements Identity {
  readonly isSequenced = true
  readonly transactionalId: string
  readonly #brokers: Brokers
  readonly #clock: Clock
  readonly #options: TransactionOptions
  #numbers: Numbers | undefined
  readonly #partitions = new Set<string>()
  #adding: Promise<void> = Promise.resolve()
  #generation = 0
  #isStopped = false

  constructor(brokers: Brokers, clock: Clock, options: TransactionOptions) {
    this.#brokers = brokers
    this.#clock = clock
    this.#options = options
    this.transactionalId = options.transactionalId
  }

  get generation(): number {
    return this.#generation
  }

  /** Discards batches that are not sent yet, because their transaction has ended. */
  abandon(): void {
    this.#generation++
    this.#adding = Promise.resolve()
  }

  /** Stops all retries, because the producer is closed. */
  stop(): void {
    this.#isStopped = true
    this.abandon()
  }

  /** Begins a transaction. Aborts a transaction that an earlier producer with the same id has left open. */
  async begin(): Promise<void> {
    const { transactionalId, transactionTimeoutMs } = this.#options
    this.abandon()
    this.#partitions.clear()
    this.#numbers ??= await this.#persist(() =>
      numbersFrom(this.#brokers, transactionalId, transactionTimeoutMs),
    )
  }

  async prepare(queues: readonly PartitionQueue[]): Promise<void> {
    const generation = this.#generation
    this.#adding = this.#adding.catch(() => {}).then(() => this.#add(queues, generation))
    return this.#adding
  }

  sequenceFor(queue: PartitionQueue, count: number): BatchSequence {
    return queue.sequenceOf(count, this.#numbers as Numbers)
  }

  /** Always returns false, because the transaction must be aborted. The next transaction has another epoch. */
  restart(): boolean {
    return false
  }

  /**
   * Commits the transaction.
   *
   * @throws DeliveryFailed `transaction-aborted` if the coordinator refuses, `transaction-uncertain` if its
   *   answer is lost
   */
  async commit(): Promise<void> {
    let isLost = false
    try {
      await this.#end(true, error => {
        isLost ||= brokersAnswer(error) === undefined
      })
    } catch (error) {
      this.#numbers = undefined
      // If an answer was lost, a later refusal may concern a transaction that is already committed.
      const isUncertain = isLost || mayPass(error)
      throw new DeliveryFailed(isUncertain ? 'transaction-uncertain' : 'transaction-aborted', error)
    }
  }

  /**
   * Aborts the transaction. If the coordinator does not answer, it aborts at the beginning of the next
   * transaction, or after the transaction timeout.
   */
  async abort(): Promise<void> {
    try {
      await this.#end(false)
    } finally {
      // Request a new epoch, so that batches without an answer cannot become part of the next transaction.
      this.#numbers = undefined
    }
  }

  async #end(isCommit: boolean, onFailure?: (error: unknown) => void): Promise<void> {
    if (this.#partitions.size === 0) return
    const open = this.#open
    await this.#persist(() => this.#brokers.endTransaction(open, isCommit), { onFailure })
  }

  async #add(queues: readonly PartitionQueue[], generation: number): Promise<void> {
    const isOver = () => generation !== this.#generation
    if (isOver()) return
    const added = queues.filter(({ topic, partition }) => !this.#partitions.has(`${topic}/${partition}`))
    if (added.length === 0) return
    const topics = Map.groupBy(added, ({ topic }) => topic)
    const named = [...topics].map(([topic, group]) => ({
      topic,
      partitions: group.map(one => one.partition),
    }))
    const open = this.#open
    await this.#persist(() => this.#brokers.addPartitions(open, named), { isOver })
    if (isOver()) return
    for (const { topic, partition } of added) this.#partitions.add(`${topic}/${partition}`)
  }

  get #open() {
    const { producerId, producerEpoch } = this.#numbers as Numbers
    return { transactionalId: this.transactionalId, producerId: String(producerId), producerEpoch }
  }

  /**
   * Repeats a call until it succeeds. Every call can be repeated, because the coordinator completes one call before it begins the
   * next.
   */
  async #persist<T>(
    call: () => Promise<T>,
    {
      isOver = () => false,
      onFailure = () => {},
    }: { readonly isOver?: () => boolean; readonly onFailure?: ((error: unknown) => void) | undefined } = {},
  ): Promise<T> {
    const untilMs = this.#clock.nowMs() + this.#options.patienceMs
    while (true) {
      try {
        return await call()
      } catch (error) {
        if (!mayPass(error)) throw error
        onFailure(error)
        if (this.#isStopped || isOver() || this.#clock.nowMs() >= untilMs) throw error
        await new Promise<void>(resolve => this.#clock.after(this.#options.retryBackoffMs, resolve))
      }
    }
  }
}
