/** Reads the topics to which dead letters can be redriven, and their consumers, from Kafka. */

import { TopicOffsets } from '#runtime/adapters/kafka/topic-offsets.ts'
import type { Connections } from '#runtime/lambda/connections.ts'
import type { Named } from '../../app/names.ts'
import { SIGNALS, type Signal, topicRow } from '../../app/topic-table.ts'
import type { ReadTopic } from '../../queries/kafka/consumer-lag.ts'
import { findTopicBounds } from '../../queries/kafka/topics.ts'
import { OperationFailure } from '../operation-failure.ts'
import type { RedriveTopic, RedriveTopics } from './redrive-topic.ts'

/**
 * Returns the existing topics of the topic table. The dlq topic is not included, because records are never redriven to it.
 *
 * @param readers functions of the environment, with the topics that they read
 * @throws Unavailable if Kafka does not answer
 */
export async function readRedriveTopics(
  connections: Connections,
  { env, names }: Named,
  readers: readonly ReadTopic[],
): Promise<RedriveTopics> {
  const offsets = new TopicOffsets(await connections.kafka())
  try {
    const found = await Promise.all(
      SIGNALS.filter(signal => signal !== 'dlq').map(async (signal: Signal) => {
        const name = names.topicName(signal, env)
        const bounds = await findTopicBounds(offsets, name)
        const consumers = new Set(
          readers.filter(({ topic }) => topic === name).map(reader => reader.function),
        )
        const { maxMessageBytes } = topicRow(signal)
        if (!bounds) return []
        const topic: RedriveTopic = { signal, bounds, consumers, maxMessageBytes }
        return [[name, topic] as const]
      }),
    )
    return new Map(found.flat())
  } finally {
    await offsets.close()
  }
}

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
