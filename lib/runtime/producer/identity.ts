/** The number by which brokers recognise the sequences of a producer, and its transaction. */
import type { BatchSequence } from '@sluice/kafka-records/writing'
import type { Brokers } from '../adapters/kafka/produce-types.ts'
import type { PartitionQueue } from './partition-queue.ts'

export interface Identity {
  /** Whether brokers recognise repeats. */
  readonly isSequenced: boolean
  readonly transactionalId: string | null
  /** Changes with each transaction: a batch of an earlier one is neither sent nor kept. */
  readonly generation: number
  /** Called before something is sent to these partitions. Rejects if the brokers do not agree. */
  prepare(queues: readonly PartitionQueue[]): Promise<void>
  sequenceFor(queue: PartitionQueue, count: number): BatchSequence | undefined
  /** Counts anew for a partition in an unknown state. @returns false if nothing may be sent under this identity any more */
  restart(queue: PartitionQueue): boolean
}

/** Brokers do not recognise a repeat. */
export const ANONYMOUS: Identity = {
  isSequenced: false,
  transactionalId: null,
  generation: 0,
  prepare: async () => {},
  sequenceFor: () => undefined,
  restart: () => true,
}

export type Numbers = Pick<BatchSequence, 'producerId' | 'producerEpoch'>

/** Each partition has its own sequence and epoch: an error in one leaves the others alone. */
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

export async function numbersFrom(
  brokers: Pick<Brokers, 'identify'>,
  transactionalId?: string,
  timeoutMs?: number,
): Promise<Numbers> {
  const { producerId, producerEpoch } = await brokers.identify(transactionalId, timeoutMs)
  return { producerId: BigInt(producerId), producerEpoch }
}
