import type { Batch } from 'kafkajs'
import { within } from '../support/wait.ts'
import type { PartitionQueue } from './partition-queue.ts'

/**
 * Time for which a full queue may delay the next fetch, in milliseconds. Pausing the partition would delay it by up to one fetch,
 * and a fast handler drains the queue sooner.
 */
const FULL_GRACE_MS = 100

/** Number of full partitions for which a fetch has space. It is limited because all records of a fetch are in memory at once. */
export const PARTITIONS_PER_FETCH = 4

/**
 * Returns the delay before the next fetch. After a small fetch that has reached the end of the partition, a pause lets records
 * accumulate, because each fetch is expensive.
 */
export function fetchDelayMs(fetched: Pick<Batch, 'messages' | 'offsetLag'>): number {
  return fetched.messages.length < FEW_RECORDS && fetched.offsetLag() === '0' ? FETCH_DELAY_MS : 0
}

const FEW_RECORDS = 100
const FETCH_DELAY_MS = 4

export interface Fetching {
  pause(partition: number): void
  resume(partition: number): void
}

/** Leaves records at the broker while the function is slower than the fetches, so that they do not occupy memory here. */
export class Backpressure {
  readonly #fetching: Fetching
  readonly #paused = new Map<PartitionQueue, number>()
  /** Queues that have not drained in time. They would delay the others again. */
  readonly #slow = new WeakSet<PartitionQueue>()

  constructor(fetching: Fetching) {
    this.#fetching = fetching
  }

  /** Called after a queue was filled. Resolves as soon as the queue has space again or its partition is paused. */
  async pauseIfFull(queue: PartitionQueue, all: ReadonlyMap<number, PartitionQueue>): Promise<void> {
    if (!queue.isFull || this.#paused.has(queue)) return
    if (!this.#slow.has(queue) && !this.#areCrowded(all)) await within(FULL_GRACE_MS, queue.room)
    if (!queue.isFull || this.#paused.has(queue) || queue.revoked) return
    if (!this.#areCrowded(all)) this.#slow.add(queue)
    this.#paused.set(queue, performance.now())
    this.#fetching.pause(queue.partition)
  }

  /** Returns true if full queues would fill the whole next fetch, so that it would contain no other partitions. */
  #areCrowded(all: ReadonlyMap<number, PartitionQueue>): boolean {
    const full = [...all.values()].filter(queue => queue.isFull && !this.#paused.has(queue))
    return all.size > PARTITIONS_PER_FETCH && full.length >= PARTITIONS_PER_FETCH
  }

  resumeIfLow(queue: PartitionQueue): void {
    const pausedAtMs = this.#paused.get(queue)
    if (pausedAtMs === undefined || !queue.isLow) return
    if (performance.now() - pausedAtMs < FULL_GRACE_MS) this.#slow.delete(queue)
    this.#paused.delete(queue)
    this.#fetching.resume(queue.partition)
  }

  /**
   * Called after a rejoin, which has resumed every partition. Pauses the partitions again whose queues were kept and are still
   * full.
   */
  restorePauses(queues: Iterable<PartitionQueue>): void {
    for (const queue of this.#paused.keys()) if (queue.revoked) this.#paused.delete(queue)
    for (const queue of queues) if (this.#paused.has(queue)) this.#fetching.pause(queue.partition)
  }
}
