/** Processes records in order, and tracks the progress in each partition. */
import type { TakenRecord } from '../../packages/runtime/adapters/kafka/group-reader.ts'
import { Batches } from './batches.ts'
import type { ConsumeOutput } from './output.ts'

export interface ProcessingOptions {
  readonly output: Pick<ConsumeOutput, 'show'>
  /** True to process records in batches of up to 100 records or five seconds. If false, records are processed as they arrive. */
  readonly inBatches: boolean
  /** Number of records after which the processing ends. */
  readonly count: number
  /** Called after each processed batch. */
  processed(): Promise<void>
}

export class Processing {
  readonly #options: ProcessingOptions
  readonly #batches: Batches<TakenRecord>
  readonly #ended = Promise.withResolvers<void>()
  /** Next offset of each partition in which records have been processed since the last commit. */
  readonly #uncommitted = new Map<number, number>()
  #left: number
  #isClosed = false

  constructor(options: ProcessingOptions) {
    this.#options = options
    this.#left = options.count
    this.#batches = new Batches(
      batch => this.#process(batch),
      error => this.fail(error),
    )
    // Prevent an unhandled rejection if the processing fails before `ended` is read.
    this.#ended.promise.catch(() => {})
  }

  /**
   * Ends the processing with an error. Further records are rejected, because records after the failed ones must not be committed.
   */
  fail(error: unknown): void {
    this.#isClosed = true
    this.#ended.reject(error)
  }

  /** Promise that resolves when the requested number of records has been processed, and rejects if a batch cannot be processed. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  get isFull(): boolean {
    return this.#left <= 0
  }

  /**
   * Adds records. Records beyond the requested number are ignored. After the processing has been closed, all records are ignored.
   */
  async add(taken: readonly TakenRecord[]): Promise<void> {
    if (this.#isClosed || this.isFull) return
    const wanted = taken.slice(0, this.#left)
    this.#left -= wanted.length
    if (!this.#options.inBatches) await this.#process(wanted)
    else {
      await this.#batches.add(wanted)
      if (this.isFull) await this.#batches.flush()
    }
    if (this.isFull) this.#ended.resolve()
  }

  /** Processes the records that have been accepted. Further records are ignored. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#batches.flush()
  }

  /** Discards pending records of all other partitions, because another member of the group reads them now. */
  keepPartitions(partitions: readonly number[]): void {
    this.#batches.keep(({ record }) => partitions.includes(record.partition))
    for (const partition of this.#uncommitted.keys())
      if (!partitions.includes(partition)) this.#uncommitted.delete(partition)
  }

  /**
   * Commits the offsets of the records processed since the last commit.
   *
   * @param commit commits the offsets; if it fails, the same offsets are passed again
   */
  async commitBy(commit: (offsets: ReadonlyMap<number, number>) => Promise<void>): Promise<void> {
    const offsets = new Map(this.#uncommitted)
    await commit(offsets)
    for (const [partition, offset] of offsets)
      if (this.#uncommitted.get(partition) === offset) this.#uncommitted.delete(partition)
  }

  async #process(batch: readonly TakenRecord[]): Promise<void> {
    if (batch.length === 0) return
    await this.#options.output.show(batch.map(({ record }) => record))
    for (const { record, next } of batch) this.#uncommitted.set(record.partition, next)
    await this.#options.processed()
  }
}
