/** An answer that is dear to get: asked once for all who ask meanwhile, and used again while it is young. */

export interface KeptAnswerOptions {
  /** An answer is used again for this long, in milliseconds. */
  readonly forMs: number
  /** Milliseconds on a clock that does not jump. */
  readonly nowMs?: () => number
}

/** What took long to get is asked for less often: it may take this part of the time. */
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
