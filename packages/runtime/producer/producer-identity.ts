import type { BatchSequence } from '@sluice/kafka-records/writing'
import type { Brokers } from '../adapters/kafka/producer-ports.ts'
import type { PartitionQueue } from './accumulator.ts'

type Numbers = Pick<BatchSequence, 'producerId' | 'producerEpoch'>

/**
 * Identity of an idempotent producer, by which brokers recognise repeated batches. Each partition has its own sequence and epoch, so
 * an error in one partition does not affect the others.
 */
export class ProducerIdentity {
  readonly #brokers: Pick<Brokers, 'identify'>
  #numbers: Promise<Numbers> | undefined
  #current: Numbers | undefined

  constructor(brokers: Pick<Brokers, 'identify'>) {
    this.#brokers = brokers
  }

  /** Requests an identity before batches are sent. Rejects if the brokers refuse it. */
  async prepare(): Promise<void> {
    this.#numbers ??= this.#brokers
      .identify()
      .then(({ producerId, producerEpoch }) => ({ producerId: BigInt(producerId), producerEpoch }))
    try {
      this.#current = await this.#numbers
    } catch (error) {
      this.#numbers = undefined
      throw error
    }
  }

  assignSequence(queue: PartitionQueue, count: number): BatchSequence {
    return queue.assignSequence(count, this.#current as Numbers)
  }

  /** Restarts the sequence of a partition if its state at the broker is unknown. */
  restart(queue: PartitionQueue): void {
    if (!queue.beginEpoch()) this.#numbers = undefined
  }
}
