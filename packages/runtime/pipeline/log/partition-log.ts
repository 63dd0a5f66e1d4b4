/**
 * Bounds the memory for records that are read from the log. Lambda limits what it delivers, to 6 MB for all partitions of a batch
 * together. Reads have a limit each, and every partition of a batch may need one at the same time: after Redis has lost its
 * state, or when a producer writes records that Lambda cannot deliver.
 */
import type { OffsetRange, ReadRange } from '../model.ts'
import type { LogReader } from '../ports.ts'

/** How many partitions of an invocation may have records from the log in memory at the same time. */
export const READS_AT_ONCE = 2

/** Permits, granted in the order in which they were requested. */
export class Semaphore {
  #permits: number
  readonly #waiting: (() => void)[] = []

  constructor(permits: number) {
    this.#permits = permits
  }

  async acquire(): Promise<void> {
    if (this.#permits > 0) this.#permits -= 1
    else await new Promise<void>(granted => this.#waiting.push(granted))
  }

  release(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#permits += 1
  }
}

/** The log for one partition, with at most one permit. With it, it waits for no other partition: they cannot block each other. */
export class PartitionLog implements LogReader {
  readonly #log: LogReader
  readonly #permits: Semaphore
  #isHeld = false
  #hasRead = false

  constructor(log: LogReader, permits: Semaphore) {
    this.#log = log
    this.#permits = permits
  }

  /** Reads while holding a permit. Unless it was acquired before, the permit is for this read only: keep none of its records. */
  async read(topic: string, partition: number, range: OffsetRange): Promise<ReadRange> {
    this.#hasRead = true
    if (this.#isHeld) return this.#log.read(topic, partition, range)
    await this.acquire()
    try {
      return await this.#log.read(topic, partition, range)
    } finally {
      this.release()
    }
  }

  /** Acquires the permit for records that are kept after they were read. Waiting for it can take long. */
  async acquire(): Promise<void> {
    if (this.#isHeld) return
    await this.#permits.acquire()
    this.#isHeld = true
  }

  /** Gives the permit back: no record from the log is kept any more. Without a permit, it does nothing. */
  release(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    this.#permits.release()
  }

  end(topic: string, partition: number): void {
    this.release()
    if (this.#hasRead) this.#log.leave?.(topic, partition)
  }
}
