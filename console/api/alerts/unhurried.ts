/** Keeps questions that take long from being asked again at once: however many pages watch, the servers have most of the time for others. */

interface Kept<T> {
  readonly answer: Promise<T>
  /** On the clock that was given; infinite while the answer is on its way. */
  untilMs: number
}

/** An answer is kept for so many times as long as it took. */
const REST = 20
/** Answers that are kept at most. */
const MOST = 20

export class Unhurried<T> {
  readonly #kept = new Map<string, Kept<T>>()
  readonly #nowMs: () => number

  /** @param nowMs a clock that never goes back, in milliseconds */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs
  }

  /**
   * The answer to a question, which may be that of a moment ago. What fails is asked again at once.
   *
   * @param key two questions with the same key have the same answer
   */
  ask(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#kept.get(key)
    if (known && this.#nowMs() < known.untilMs) return known.answer
    const startedMs = this.#nowMs()
    const kept: Kept<T> = { answer: ask(), untilMs: Number.POSITIVE_INFINITY }
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    kept.answer.then(
      () => {
        kept.untilMs = this.#nowMs() + REST * (this.#nowMs() - startedMs)
      },
      () => {
        if (this.#kept.get(key) === kept) this.#kept.delete(key)
      },
    )
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > MOST && oldest !== undefined) this.#kept.delete(oldest)
    return kept.answer
  }
}
