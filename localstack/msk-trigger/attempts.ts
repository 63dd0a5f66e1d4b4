import type { Part } from './parts.ts'

/**
 * Counts failures in a row. It outlives what failed: a member that joins its group anew, or a partition that comes back,
 * goes on with the wait that it had, so that no fault is tried, and told, once a second for hours.
 */
export class Attempts<Key = void> {
  readonly #failures = new Map<Key, number>()

  /** Returns how often in a row it has failed now. */
  failed(key: Key): number {
    const failures = (this.#failures.get(key) ?? 0) + 1
    this.#failures.set(key, failures)
    return failures
  }

  /** Returns how often in a row it had failed. */
  succeeded(key: Key): number {
    const failures = this.#failures.get(key) ?? 0
    this.#failures.delete(key)
    return failures
  }

  isFailing(key: Key): boolean {
    return this.#failures.has(key)
  }
}

/** How often the batch at each partition's present offset has failed. A rebalance changes neither. */
export class FailedBatches {
  readonly #byPartition = new Map<number, { readonly offset: number; readonly tries: number }>()

  /** These come again, from the first record of each part on. */
  failed(parts: readonly Part[], tries: number): void {
    for (const { partition, records } of parts) {
      const [first] = records
      if (first) this.#byPartition.set(partition, { offset: first.offset, tries })
    }
  }

  /** How often the worst of them has failed before; 0 where none has. */
  triesOf(parts: readonly Part[]): number {
    const tries = parts.map(({ partition, records }) => {
      const known = this.#byPartition.get(partition)
      return known && records.some(({ offset }) => offset === known.offset) ? known.tries : 0
    })
    return Math.max(0, ...tries)
  }

  /** These are done, whether they were delivered or discarded. */
  done(parts: readonly Part[]): void {
    if (this.#byPartition.size === 0) return
    for (const { partition, records } of parts) {
      const known = this.#byPartition.get(partition)
      if (known && records.some(({ offset }) => offset >= known.offset)) this.#byPartition.delete(partition)
    }
  }
}
