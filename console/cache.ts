/** Cache of the console: answers to expensive queries, by key. */

interface CacheOptions {
  /** Time from the start of a query for which its answer is reused, in milliseconds. */
  readonly forMs: number
  /** An answer is reused at least this many times as long as its query took, so that slow queries do not run all the time; default 10. */
  readonly slowFactor?: number
  /** Maximum number of answers. The least recently used one is removed first. */
  readonly most?: number
  /** Time after which an unused answer is removed, in milliseconds. */
  readonly idleMs?: number
  /** Monotonic clock, in milliseconds. */
  readonly nowMs?: () => number
}

interface Entry<T> {
  /** Answer, or the query that is running. */
  answer?: Promise<T>
  /** Last answer, which a failed query does not replace. */
  last?: T
  untilMs: number
  usedMs: number
}

const UNBOUNDED = Number.POSITIVE_INFINITY

export class Cache<T> {
  readonly #options: Required<CacheOptions>
  /** Entries, least recently used first. */
  readonly #entries = new Map<string, Entry<T>>()

  constructor(options: CacheOptions) {
    const now = () => performance.now()
    this.#options = { slowFactor: 10, most: UNBOUNDED, idleMs: UNBOUNDED, nowMs: now, ...options }
  }

  /**
   * Returns the answer to a query, possibly a cached one. Concurrent callers share one query. Rejects if the query fails; failures are
   * not cached.
   *
   * @param ask runs the query; receives the last answer, even if it has expired
   * @param forMs as the option, for this query
   */
  get(key: string, ask: (last: T | undefined) => Promise<T>, forMs = this.#options.forMs): Promise<T> {
    const nowMs = this.#options.nowMs()
    const entry = this.#entries.get(key) ?? { untilMs: nowMs, usedMs: nowMs }
    const answer = entry.answer && nowMs < entry.untilMs ? entry.answer : this.#ask(entry, ask, forMs)
    entry.answer = answer
    entry.usedMs = nowMs
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    this.#removeUnused(nowMs)
    return answer
  }

  /** Removes the answer to a query, or all answers after a change that may have made any of them obsolete. */
  clear(key?: string): void {
    if (key === undefined) this.#entries.clear()
    else this.#entries.delete(key)
  }

  async #ask(entry: Entry<T>, ask: (last: T | undefined) => Promise<T>, forMs: number): Promise<T> {
    const { slowFactor, nowMs } = this.#options
    const startedMs = nowMs()
    entry.untilMs = UNBOUNDED
    try {
      const answer = await ask(entry.last)
      const endedMs = nowMs()
      entry.last = answer
      entry.untilMs = Math.max(startedMs + forMs, endedMs + slowFactor * (endedMs - startedMs))
      return answer
    } catch (error) {
      // The next caller asks again, also after a query that threw before its promise was kept.
      entry.untilMs = startedMs
      throw error
    }
  }

  #removeUnused(nowMs: number): void {
    const { most, idleMs } = this.#options
    for (const [key, { usedMs }] of this.#entries) {
      if (this.#entries.size <= most && nowMs - usedMs < idleMs) break
      this.#entries.delete(key)
    }
  }
}
