/**
 * Limits the memory for records that are read from the log. Lambda limits a delivered batch to 6 MB for all partitions together,
 * but each read of the log has a limit of its own. All partitions of a batch may need such a read at the same time: after Redis has
 * lost their states, or when a producer writes records that Lambda cannot deliver.
 */
import type { LogIdentity, ReadRange } from '../model/log.ts'
import type { LogReader } from '../ports.ts'

/** Maximum number of partitions of an invocation that may keep records from the log in memory at the same time. */
export const READS_AT_ONCE = 2

/** Semaphore that grants permits in the order of the requests. */
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

/** Reader of a partition that can also keep what it has read. */
export type PartitionReader = Pick<PartitionLog, 'read' | 'identity' | 'acquire' | 'release'>

/** Log reader for one partition. It uses at most one permit, so that partitions cannot block each other. */
export class PartitionLog implements LogReader {
  readonly #log: LogReader
  readonly #permits: Semaphore
  #isHeld = false
  #hasRead = false

  constructor(log: LogReader, permits: Semaphore) {
    this.#log = log
    this.#permits = permits
  }

  /**
   * Reads a range with a permit. If no permit was acquired before, it is released after this read, so the records must not be kept.
   */
  async read(...wanted: Parameters<LogReader['read']>): Promise<ReadRange> {
    this.#hasRead = true
    if (this.#isHeld) return this.#log.read(...wanted)
    await this.acquire()
    try {
      return await this.#log.read(...wanted)
    } finally {
      this.release()
    }
  }

  async identity(topic: string): Promise<LogIdentity | undefined> {
    return this.#log.identity?.(topic)
  }

  /** Acquires the permit for records that are kept after the read. This may wait for a long time. */
  async acquire(): Promise<void> {
    if (this.#isHeld) return
    await this.#permits.acquire()
    this.#isHeld = true
  }

  /** Releases the permit when no record from the log is kept any more. Does nothing if no permit is held. */
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
