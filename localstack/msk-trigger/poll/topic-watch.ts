import { pause } from '../support/wait.ts'
import type { TopicState, Topics } from './topics.ts'

/** How long a topic that was created again can be mistaken for the deleted one, and added partitions are unknown. */
const LOOK_EVERY_MS = 1_000

/** Learns at intervals what became of its topic. */
export interface TopicObserver {
  readonly topic: string
  /** @param state undefined if the topic does not exist */
  topicSeen(state: TopicState | undefined): void
}

/** Looks at the topics at intervals: kafkajs does not notice that one was created again, and goes on at the old offset. */
export class TopicWatch {
  readonly #topics: { topicStates: Topics['states'] }
  readonly #ending = new AbortController()

  constructor(topics: { topicStates: Topics['states'] }) {
    this.#topics = topics
  }

  /** Looks until `close`. Never rejects. */
  async run(observers: readonly TopicObserver[], everyMs = LOOK_EVERY_MS): Promise<void> {
    const names = [...new Set(observers.map(({ topic }) => topic))]
    while (!this.#ending.signal.aborted) {
      await pause(everyMs, this.#ending.signal)
      if (this.#ending.signal.aborted) return
      // A broker that does not answer is reported by the sources that read from it.
      const states = await this.#topics.topicStates(names).catch(() => undefined)
      if (!states || this.#ending.signal.aborted) continue
      for (const observer of observers) observer.topicSeen(states.get(observer.topic))
    }
  }

  close(): void {
    this.#ending.abort()
  }
}
