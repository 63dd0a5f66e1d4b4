/** An answer that is dear to get: asked once for all who ask meanwhile, and used again while it is young. */

export interface KeptAnswerOptions {
  /** An answer is used again for this long, in milliseconds. */
  readonly forMs: number
  /** Milliseconds on a clock that does not jump. */
  readonly nowMs?: () => number
}

/** Maximum share of the time that a slow answer may take. */
const SHARE = 1 / 10

export class KeptAnswer<T> {
  readonly #ask: () => Promise<T>
  readonly #forMs: number
  readonly #nowMs: () => number
  #answer: Promise<T> | undefined
  #untilMs = 0

  constructor(ask: () => Promise<T>, { forMs, nowMs = () => performance.now() }: KeptAnswerOptions) {
    this.#ask = ask
    this.#forMs = forMs
    this.#nowMs = nowMs
  }

  /** Rejects as the question does; a failure is not kept. */
  get(): Promise<T> {
    if (this.#answer === undefined || this.#nowMs() >= this.#untilMs) this.#answer = this.#fresh()
    return this.#answer
  }

  async #fresh(): Promise<T> {
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

export class KeptAnswers<T> {
  readonly #options: KeptAnswerOptions
  readonly #kept: KeptByKey<KeptAnswer<T>>

  constructor(options: KeptAnswerOptions & KeptByKeyOptions) {
    this.#options = options
    this.#kept = new KeptByKey(options)
  }

  /**
   * The answer to a question, which may be an earlier one. A failure is not kept.
   *
   * @param key two questions with the same key have the same answer
   */
  ask(key: string, ask: () => Promise<T>): Promise<T> {
    return this.#kept.get(key, () => new KeptAnswer(ask, this.#options)).get()
  }

  /** Forgets an answer that a change has made obsolete. */
  forget(key: string): void {
    this.#kept.drop(key)
  }
}

interface KeptByKeyOptions {
  /** Upper bound for the number of things; the one that was not asked for the longest gives way. */
  readonly most: number
  /** Unused answers are dropped after this time, in milliseconds. */
  readonly idleMs: number
  /** Milliseconds on a clock that does not jump. */
  readonly nowMs?: () => number
}

export class KeptByKey<T> {
  readonly #most: number
  readonly #idleMs: number
  readonly #nowMs: () => number
  /** Answers in the order of their use, the last one last. */
  readonly #kept = new Map<string, { readonly value: T; readonly askedMs: number }>()

  constructor({ most, idleMs, nowMs = () => performance.now() }: KeptByKeyOptions) {
    this.#most = most
    this.#idleMs = idleMs
    this.#nowMs = nowMs
  }

  get(key: string, make: () => T): T {
    const nowMs = this.#nowMs()
    const value = this.#kept.get(key)?.value ?? make()
    this.#kept.delete(key)
    this.#kept.set(key, { value, askedMs: nowMs })
    for (const [other, { askedMs }] of this.#kept) {
      if (this.#kept.size <= this.#most && nowMs - askedMs < this.#idleMs) break
      this.#kept.delete(other)
    }
    return value
  }

  drop(key: string): void {
    this.#kept.delete(key)
  }

  get size(): number {
    return this.#kept.size
  }
}
