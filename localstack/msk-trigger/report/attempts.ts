/** Counts consecutive failures. The count outlives a member and an assignment, so that a failure is not logged for hours. */
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
