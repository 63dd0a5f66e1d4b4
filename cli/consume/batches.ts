/**
 * Groups records into batches. A full batch is processed immediately. An incomplete batch is processed when its first record has
 * waited for a maximum time.
 */

const BATCH = { records: 100, waitMs: 5_000 } as const

export class Batches<Item> {
  readonly #process: (batch: readonly Item[]) => Promise<void>
  readonly #onError: (error: unknown) => void
  #pending: Item[] = []
  #timer: NodeJS.Timeout | undefined
  /** Promise of the last batch, because batches are processed one after another. */
  #last: Promise<void> = Promise.resolve()

  /** Creates empty batches. @param onError called if a batch fails whose promise no caller awaits */
  constructor(process: (batch: readonly Item[]) => Promise<void>, onError: (error: unknown) => void) {
    this.#process = process
    this.#onError = onError
  }

  /** Adds items, and processes full batches. */
  async add(items: readonly Item[]): Promise<void> {
    this.#pending.push(...items)
    while (this.#pending.length >= BATCH.records) await this.#next()
    if (this.#pending.length > 0)
      this.#timer ??= setTimeout(() => void this.flush().catch(this.#onError), BATCH.waitMs)
  }

  /** Processes the remaining items as one batch. */
  async flush(): Promise<void> {
    if (this.#pending.length > 0) await this.#next()
    await this.#last
  }

  /** Removes the pending items that do not match. */
  keep(fits: (item: Item) => boolean): void {
    this.#pending = this.#pending.filter(fits)
  }

  #next(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const batch = this.#pending.splice(0, BATCH.records)
    this.#last = this.#last.then(() => this.#process(batch))
    return this.#last
  }
}
