/** Offsets of topics for pages, so that requests do not pile up while a topic has no leader. */
import { type Bounds, type Kafka, TopicOffsets } from '#runtime/operating/kafka'
import { Cache } from './cache.ts'

/** Time limits for requests of pages. They are short, because pages repeat their requests. */
const PATIENCE_OF_A_PAGE = { leaderMs: 2_000, topicMs: 0 }
const NO_PATIENCE = { leaderMs: 0, topicMs: 0 }

/**
 * Reads offsets, one request at a time. After a failed request for a topic, further requests for it use a separate connection with
 * minimal timeouts until one succeeds.
 */
export class PageOffsets implements Pick<TopicOffsets, 'bounds' | 'at' | 'close'> {
  readonly #usual: TopicOffsets
  readonly #apart: TopicOffsets
  readonly #failed = new Set<string>()
  readonly #bounds = new Cache<Bounds[]>({ forMs: 0, slowFactor: 0 })
  #turn: Promise<unknown> = Promise.resolve()

  constructor(kafka: Kafka) {
    this.#usual = new TopicOffsets(kafka, PATIENCE_OF_A_PAGE)
    this.#apart = new TopicOffsets(kafka, NO_PATIENCE)
  }

  /** Returns offsets like `TopicOffsets.bounds`. Concurrent identical requests share one response. */
  bounds(topic: string): Promise<Bounds[]> {
    return this.#bounds.get(topic, () =>
      this.#inTurn(topic, offsets => {
        // The request is sent now. A later caller may need newer offsets, so it must not share this response.
        if (!this.#failed.has(topic)) this.#bounds.clear(topic)
        return offsets.bounds(topic)
      }),
    )
  }

  /** Returns offsets like `TopicOffsets.at`. */
  async at(topic: string, timeMs: number): Promise<number[]> {
    // Requests for different times cannot share a response. Check the topic first, so that requests do not pile up during an
    // outage.
    if (this.#failed.has(topic)) await this.bounds(topic)
    return this.#inTurn(topic, offsets => offsets.at(topic, timeMs))
  }

  async close(): Promise<void> {
    await Promise.all([this.#usual.close(), this.#apart.close()])
  }

  #inTurn<T>(topic: string, request: (offsets: TopicOffsets) => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<T>()
    this.#turn = this.#turn.then(async () => {
      const isApart = this.#failed.has(topic)
      const answer = request(isApart ? this.#apart : this.#usual)
      resolve(answer)
      const outcome = answer.then(
        () => this.#failed.delete(topic),
        () => this.#failed.add(topic),
      )
      if (!isApart) await outcome
    })
    return promise
  }
}
