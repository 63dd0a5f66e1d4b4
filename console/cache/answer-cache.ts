/** Cache for the answers to expensive queries. Concurrent callers share one query. Its answer is reused until it expires. */

export interface CachedAnswerOptions {
  /** Time for which an answer is reused, in milliseconds. */
  readonly forMs: number
  /** Monotonic clock, in milliseconds. */
  readonly nowMs?: () => number
}

/** Maximum share of the time in which a query may be running. The answer to a slow query is therefore reused for longer. */
const SHARE = 1 / 10

export class CachedAnswer<T> {
  readonly #ask: () => Promise<T>
  readonly #forMs: number
  readonly #nowMs: () => number
  #answer: Promise<T> | undefined
  #untilMs = 0

  constructor(ask: () => Promise<T>, { forMs, nowMs = () => performance.now() }: CachedAnswerOptions) {
    this.#ask = ask
    this.#forMs = forMs
    this.#nowMs = nowMs
  }

  /** Returns the cached answer, or runs the query. Rejects if the query fails; failures are not cached. */
  get(): Promise<T> {
    if (this.#answer === undefined || this.#nowMs() >= this.#untilMs) this.#answer = this.#refresh()
    return this.#answer
  }

  async #refresh(): Promise<T> {
    const startedMs = this.#nowMs()
    this.#untilMs = Number.POSITIVE_INFINITY
    try {
      const answer = await this.#ask()
      const endedMs = this.#nowMs()
      this.#untilMs = endedMs + Math.max(this.#forMs, (endedMs - startedMs) / SHARE)
      return answer
    } catch (error) {
      this.#answer = undefined
      throw error
    }
  }
}

export class AnswerCache<T> {
  readonly #options: CachedAnswerOptions
  readonly #answers: LruCache<CachedAnswer<T>>

  constructor(options: CachedAnswerOptions & LruCacheOptions) {
    this.#options = options
    this.#answers = new LruCache(options)
  }

  /**
   * Returns the answer to a query, possibly a cached one. Failures are not cached.
   *
   * @param key identifies the query
   */
  ask(key: string, ask: () => Promise<T>): Promise<T> {
    return this.#answers.get(key, () => new CachedAnswer(ask, this.#options)).get()
  }

  /** Removes all answers after a change, which may have made any of them obsolete. */
  clear(): void {
    this.#answers.clear()
  }
}

interface LruCacheOptions {
  /** Maximum number of entries. The least recently used entry is removed first. */
  readonly most: number
  /** Time after which unused entries are removed, in milliseconds. */
  readonly idleMs: number
  /** Monotonic clock, in milliseconds. */
  readonly nowMs?: () => number
}

export class LruCache<T> {
  readonly #most: number
  readonly #idleMs: number
  readonly #nowMs: () => number
  /** Entries, least recently used first. */
  readonly #entries = new Map<string, { readonly value: T; readonly usedMs: number }>()

  constructor({ most, idleMs, nowMs = () => performance.now() }: LruCacheOptions) {
    this.#most = most
    this.#idleMs = idleMs
    this.#nowMs = nowMs
  }

  get(key: string, make: () => T): T {
    const nowMs = this.#nowMs()
    const value = this.#entries.get(key)?.value ?? make()
    this.#entries.delete(key)
    this.#entries.set(key, { value, usedMs: nowMs })
    for (const [other, { usedMs }] of this.#entries) {
      if (this.#entries.size <= this.#most && nowMs - usedMs < this.#idleMs) break
      this.#entries.delete(other)
    }
    return value
  }

  clear(): void {
    this.#entries.clear()
  }

  get size(): number {
    return this.#entries.size
  }
}
