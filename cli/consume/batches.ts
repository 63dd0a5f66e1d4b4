/** Gathers records into batches: full ones at once, the rest once its first record has waited long enough. */

const BATCH = { records: 100, waitMs: 5_000 } as const

export class Batches<Item> {
  readonly #process: (batch: readonly Item[]) => Promise<void>
  readonly #onError: (error: unknown) => void
  #pending: Item[] = []
  #timer: NodeJS.Timeout | undefined
  /** Batches are processed one after another. */
  #last: Promise<void> = Promise.resolve()

  /** @param onError is called with the error of a batch whose promise is not awaited */
  constructor(process: (batch: readonly Item[]) => Promise<void>, onError: (error: unknown) => void) {
    this.#process = process
    this.#onError = onError
  }

  /** Adds items, and processes the batches that are full. */
  async add(items: readonly Item[]): Promise<void> {
    this.#pending.push(...items)
    while (this.#pending.length >= BATCH.records) await this.#next()
    if (this.#pending.length > 0)
      this.#timer ??= setTimeout(() => void this.flush().catch(this.#onError), BATCH.waitMs)
  }

  /** Processes what is left, as one batch. */
  async flush(): Promise<void> {
    if (this.#pending.length > 0) await this.#next()
    await this.#last
  }

  /** Leaves out the pending items that do not fit. */
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
