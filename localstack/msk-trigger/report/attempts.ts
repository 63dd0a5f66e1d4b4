import type { Part } from '../support/parts.ts'

/**
 * Counts consecutive failures. The count outlives what failed: a member that joins again, or a partition that is
 * assigned again, continues its backoff. Otherwise a failure would be retried and logged once a second for hours.
 */
export class Attempts<Key = void> {
  readonly #failures = new Map<Key, number>()

  /** Returns the number of consecutive failures, including this one. */
  failed(key: Key): number {
    const failures = (this.#failures.get(key) ?? 0) + 1
    this.#failures.set(key, failures)
    return failures
  }

  /** Returns the number of consecutive failures before this success. */
  succeeded(key: Key): number {
    const failures = this.#failures.get(key) ?? 0
    this.#failures.delete(key)
    return failures
  }

  isFailing(key: Key): boolean {
    return this.#failures.has(key)
  }
}

/** The failed attempts of the batch at each partition's current offset. A rebalance does not reset them. */
export class FailedBatches {
  readonly #byPartition = new Map<number, { readonly offset: number; readonly tries: number }>()

  /** These are redelivered, starting with the first record of each part. */
  failed(parts: readonly Part[], tries: number): void {
    for (const { partition, records } of parts) {
      const [first] = records
      if (first) this.#byPartition.set(partition, { offset: first.offset, tries })
    }
  }

  /** The highest number of failed attempts among these parts, or 0. */
  triesOf(parts: readonly Part[]): number {
    const tries = parts.map(({ partition, records }) => {
      const known = this.#byPartition.get(partition)
      return known && records.some(({ offset }) => offset === known.offset) ? known.tries : 0
    })
    return Math.max(0, ...tries)
  }

  /** These are done, delivered or discarded. */
  done(parts: readonly Part[]): void {
    if (this.#byPartition.size === 0) return
    for (const { partition, records } of parts) {
      const known = this.#byPartition.get(partition)
      if (known && records.some(({ offset }) => offset >= known.offset)) this.#byPartition.delete(partition)
    }
  }
}
