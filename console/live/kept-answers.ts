/** Answers to the questions of one kind, each kept as `KeptAnswer` keeps it: however many pages watch, the servers have most of the time for others. */
import { KeptAnswer, type KeptAnswerOptions } from './kept-answer.ts'
import { KeptByKey, type KeptByKeyOptions } from './kept-by-key.ts'

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

  /** What the answer tells has just been changed: the next one who asks gets a new one. */
  forget(key: string): void {
    this.#kept.drop(key)
  }
}
