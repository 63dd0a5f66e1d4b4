/** Processes records in the order in which they come, and knows how far it has come in each partition. */
import type { TakenRecord } from '../../packages/runtime/adapters/kafka/group-reader.ts'
import { Batches } from './batches.ts'
import type { ConsumeOutput } from './output.ts'

export interface ProcessingOptions {
  readonly output: Pick<ConsumeOutput, 'show'>
  /** Gather records into batches of 100 or of 5.0 s; otherwise they are processed as they come. */
  readonly inBatches: boolean
  /** End after this many. */
  readonly count: number
  /** Called after each processed batch. */
  processed(): Promise<void>
}

export class Processing {
  readonly #options: ProcessingOptions
  readonly #batches: Batches<TakenRecord>
  readonly #ended = Promise.withResolvers<void>()
  /** Next offset of the group by partition: processed since the last commit. */
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
    // A rejection is kept for the first caller.
    this.#ended.promise.catch(() => {})
  }

  /** Ends it with an error. Nothing more is taken: what comes behind the failed records must not be committed. */
  fail(error: unknown): void {
    this.#isClosed = true
    this.#ended.reject(error)
  }

  /** Resolves when as many are processed as were asked for; rejects if a batch could not be processed. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  get isFull(): boolean {
    return this.#left <= 0
  }

  /** Takes records; those behind the last one that was asked for are left out, and so are all once it is closed. */
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

  /** Processes what has been taken, and takes no more. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#batches.flush()
  }

  /** Forgets what belongs to partitions that another member of the group reads now. */
  keepPartitions(partitions: readonly number[]): void {
    this.#batches.keep(({ record }) => partitions.includes(record.partition))
    for (const partition of this.#uncommitted.keys())
      if (!partitions.includes(partition)) this.#uncommitted.delete(partition)
  }

  /**
   * Hands over how far it has come since the last time, to be committed.
   *
   * @param commit if it fails, the same is handed over again
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
