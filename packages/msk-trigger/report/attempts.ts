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

/** An outage that concerns every event source, such as a broker that is away. The first source that reaches an attempt logs it for all. */
export class Outage {
  readonly #logged = new Set<number>()

  /** Whether no source has logged this attempt yet. */
  isNews(attempt: number): boolean {
    const isNews = !this.#logged.has(attempt)
    this.#logged.add(attempt)
    return isNews
  }

  over(): void {
    this.#logged.clear()
  }
}

export interface Backoff {
  readonly retryDelayMs: number
  readonly maxRetryDelayMs: number
}

/** The delay after a failed attempt, counted from 1. It doubles with each attempt, up to the maximum. */
export function delayAfter(attempt: number, { retryDelayMs, maxRetryDelayMs }: Backoff): number {
  return Math.min(maxRetryDelayMs, retryDelayMs * 2 ** Math.min(attempt - 1, 30))
}

/** Whether to log a repeated failure: at attempts 1, 2, 4, 8, …, so that the log stays readable for hours. */
export function shouldLog(attempt: number): boolean {
  return Number.isInteger(Math.log2(attempt))
}
