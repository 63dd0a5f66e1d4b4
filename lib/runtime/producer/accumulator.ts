/** The records that wait, by topic and partition. Pure: time is an argument. */
import type { OutgoingRecord } from '../cloudevents/record.ts'
import type { Batch } from './batch.ts'
import type { Told } from './delivery.ts'
import { PartitionQueue, type QueueLimits } from './partition-queue.ts'

export class Accumulator {
  readonly #limits: QueueLimits
  readonly #queues = new Map<string, Map<number, PartitionQueue>>()
  /** Records of the batches that are counted: those that nothing has made due before their time. */
  #fresh = 0

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  /** @returns whether something has become due, or will be earlier than before */
  append(
    record: OutgoingRecord & { readonly partition: number },
    nowMs: number,
    timestampMs: number,
    told: Told,
  ): boolean {
    const queue = this.#queueOf(record)
    const batch = queue.append(record, nowMs, timestampMs, told)
    if (batch.isCounted) this.#fresh++
    // Each batch is due at some time and has a time-out, so the sender must know of it from its first record on.
    if (this.#fresh < this.#limits.batchRecords) return batch.builder.count === 1 || queue.isFull(batch)
    this.hurry()
    return true
  }

  hurry(): void {
    this.#fresh = 0
    for (const queue of this.queues()) queue.hurry()
  }

  take(queue: PartitionQueue): Batch {
    return this.#discounted(queue.take())
  }

  expired(queue: PartitionQueue, nowMs: number): readonly Batch[] {
    return queue.expired(nowMs).map(batch => this.#discounted(batch))
  }

  *queues(): Generator<PartitionQueue> {
    for (const partitions of this.#queues.values()) yield* partitions.values()
  }

  takeAll(): readonly Batch[] {
    this.#fresh = 0
    return [...this.queues()].flatMap(queue => queue.takeAll())
  }

  #discounted(batch: Batch): Batch {
    if (batch.isCounted) this.#fresh -= batch.builder.count
    batch.isCounted = false
    return batch
  }

  #queueOf({ topic, partition }: { readonly topic: string; readonly partition: number }): PartitionQueue {
    let partitions = this.#queues.get(topic)
    if (!partitions) {
      partitions = new Map()
      this.#queues.set(topic, partitions)
    }
    let queue = partitions.get(partition)
    if (!queue) {
      queue = new PartitionQueue(topic, partition, this.#limits)
      partitions.set(partition, queue)
    }
    return queue
  }
}
