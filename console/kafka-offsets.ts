/** How far topics reach, for pages that ask again and again: one topic without a leader must not hold up the others. */
import type { Kafka } from '../packages/runtime/adapters/kafka/client.ts'
import { type Bounds, TopicOffsets } from '../packages/runtime/adapters/kafka/offsets.ts'

/** A page shall soon say that a broker is away, and asks again anyway. */
export const PATIENCE_OF_A_PAGE = { leaderMs: 2_000, topicMs: 0 }
const NO_PATIENCE = { leaderMs: 0, topicMs: 0 }

/**
 * Asks one question after another. A topic whose last question failed is asked over a connection of its own, without patience, until it
 * answers again.
 */
export class PageOffsets implements Pick<TopicOffsets, 'bounds' | 'at' | 'close'> {
  readonly #usual: TopicOffsets
  readonly #apart: TopicOffsets
  readonly #failed = new Set<string>()
  /** Questions that others may join, by topic. */
  readonly #bounds = new Map<string, Promise<Bounds[]>>()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(kafka: Kafka) {
    this.#usual = new TopicOffsets(kafka, PATIENCE_OF_A_PAGE)
    this.#apart = new TopicOffsets(kafka, NO_PATIENCE)
  }

  /** As `TopicOffsets.bounds`. Whoever asks while another one waits to ask the same gets the same answer. */
  bounds(topic: string): Promise<Bounds[]> {
    const joined = this.#bounds.get(topic)
    if (joined) return joined
    const asked = this.#inTurn(topic, offsets => {
      // An answer on its way may be older than what the next one knows of already, so it waits for an answer of its own.
      if (!this.#failed.has(topic)) this.#bounds.delete(topic)
      return offsets.bounds(topic)
    })
    this.#bounds.set(topic, asked)
    const forget = () => {
      if (this.#bounds.get(topic) === asked) this.#bounds.delete(topic)
    }
    asked.then(forget, forget)
    return asked
  }

  /** As `TopicOffsets.at`. */
  async at(topic: string, timeMs: number): Promise<number[]> {
    // Times differ, so these questions cannot be joined: they would pile up behind a broker that does not answer.
    if (this.#failed.has(topic)) await this.bounds(topic)
    return this.#inTurn(topic, offsets => offsets.at(topic, timeMs))
  }

  async close(): Promise<void> {
    await Promise.all([this.#usual.close(), this.#apart.close()])
  }

  #inTurn<T>(topic: string, question: (offsets: TopicOffsets) => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<T>()
    this.#turn = this.#turn.then(async () => {
      const isApart = this.#failed.has(topic)
      const answer = question(isApart ? this.#apart : this.#usual)
      resolve(answer)
      const answered = answer.then(
        () => this.#failed.delete(topic),
        () => this.#failed.add(topic),
      )
      if (!isApart) await answered
    })
    return promise
  }
}
