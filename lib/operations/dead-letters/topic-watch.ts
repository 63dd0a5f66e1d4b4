/** Checks that the topics of a run stay the same. */

import type { Connections } from '#runtime/functions/connections'
import { TopicOffsets } from '#runtime/operating/kafka'
import type { RedriveTopics } from '../../queries/dead-letters/redrive-decision.ts'
import { findTopicBounds } from '../../queries/kafka/topics.ts'
import { OperationFailure } from '../../support/operation-failure.ts'

const LOOK_EVERY_MS = 5_000

/** Checks periodically that the topics to which a run writes were not recreated. */
export class TopicWatch {
  readonly #connections: Pick<Connections, 'kafka'>
  readonly #ends: Map<string, readonly number[]>
  #nextMs = performance.now() + LOOK_EVERY_MS

  /** @param topics topics by name, with their offset bounds at the start of the run */
  constructor(connections: Pick<Connections, 'kafka'>, topics: RedriveTopics) {
    this.#connections = connections
    this.#ends = new Map([...topics].map(([name, { bounds }]) => [name, bounds.map(({ end }) => end)]))
  }

  /**
   * Checks the topics, unless the last check was only a short time ago.
   *
   * @throws OperationFailure if a topic was deleted or recreated
   */
  async check(topics: Iterable<string>): Promise<void> {
    if (performance.now() < this.#nextMs) return
    this.#nextMs = performance.now() + LOOK_EVERY_MS
    const offsets = new TopicOffsets(await this.#connections.kafka())
    try {
      for (const topic of topics) {
        const bounds = await findTopicBounds(offsets, topic)
        const before = this.#ends.get(topic) ?? []
        if (!bounds || before.some((end, partition) => (bounds[partition]?.end ?? 0) < end))
          throw new OperationFailure(
            `${topic} was deleted or recreated meanwhile, so its offsets have changed. Check the dead letters, and begin again.`,
          )
        this.#ends.set(
          topic,
          bounds.map(({ end }) => end),
        )
      }
    } finally {
      await offsets.close()
    }
  }
}
