/**
 * Counts consecutive failures. The count is kept across members and assignments; otherwise a failure that lasts for hours would
 * repeatedly be logged as the first one.
 */
export class Attempts<Key = void> {
  readonly #failures = new Map<Key, number>()

  /** Returns the number of consecutive failures, including this one. */
  addFailure(key: Key): number {
    const failures = (this.#failures.get(key) ?? 0) + 1
    this.#failures.set(key, failures)
    return failures
  }

  /** Returns the number of consecutive failures before this success. */
  clearFailures(key: Key): number {
    const failures = this.#failures.get(key) ?? 0
    this.#failures.delete(key)
    return failures
  }

  isFailing(key: Key): boolean {
    return this.#failures.has(key)
  }
}

/**
 * Outage that affects all event sources, such as an unavailable broker. Only the first event source that reaches an attempt logs
 * it.
 */
export class Outage {
  readonly #logged = new Set<number>()

  /** Returns true if no event source has logged this attempt yet. */
  isNews(attempt: number): boolean {
    const isNews = !this.#logged.has(attempt)
    this.#logged.add(attempt)
    return isNews
  }

  end(): void {
    this.#logged.clear()
  }
}

export interface Backoff {
  readonly retryDelayMs: number
  readonly maxRetryDelayMs: number
}

/** Returns the delay after a failed attempt. It doubles with each attempt, up to the maximum. Attempts are counted from 1. */
export function delayAfter(attempt: number, { retryDelayMs, maxRetryDelayMs }: Backoff): number {
  return Math.min(maxRetryDelayMs, retryDelayMs * 2 ** Math.min(attempt - 1, 30))
}

/**
 * Returns true for attempts 1, 2, 4, 8 and so on, whose failure is logged. The log thus remains readable during failures that last
 * for hours.
 */
export function shouldLog(attempt: number): boolean {
  return Number.isInteger(Math.log2(attempt))
}
