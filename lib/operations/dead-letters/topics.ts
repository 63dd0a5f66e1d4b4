/** Reads the topics to which dead letters can be redriven, and their consumers, from Kafka. */

import { RefusedByKafka } from '../../../packages/runtime/adapters/kafka/errors.ts'
import type { GroupDescription } from '../../../packages/runtime/adapters/kafka/groups.ts'
import { TopicOffsets } from '../../../packages/runtime/adapters/kafka/offsets.ts'
import type { Connections } from '../../../packages/runtime/lambda/connections.ts'
import { Unavailable } from '../../../packages/runtime/pipeline/errors.ts'
import type { Growth } from '../../../packages/runtime/pipeline/model.ts'
import type { Config } from '../../app/config.ts'
import { growthsOf } from '../../app/growths.ts'
import { type Signal, signals, topicName, topicRow } from '../../app/topics.ts'
import { consumerGroups } from '../../queries/groups.ts'
import { consumerLags, type ReadTopic } from '../../queries/lag.ts'
import { boundsIfThere } from '../../queries/topics.ts'
import type { RedriveTopic, RedriveTopics } from './decide.ts'

/**
 * Returns the existing topics of the topic table. The dlq topic is not included, because records are never redriven to it.
 *
 * @param readers functions of the environment, with the topics that they read
 * @param readsGrowths true to read the partition count increases from Redis. They are required for redriving records.
 * @throws Unavailable if Kafka or Redis does not answer
 */
export async function redriveTopics(
  connections: Connections,
  { env }: Pick<Config, 'env'>,
  readers: readonly ReadTopic[],
  readsGrowths = true,
): Promise<RedriveTopics> {
  const offsets = new TopicOffsets(await connections.kafka())
  try {
    const found = await Promise.all(
      signals()
        .filter(signal => signal !== 'dlq')
        .map(async (signal: Signal) => {
          const name = topicName(signal, env)
          const bounds = await boundsIfThere(offsets, name)
          const consumers = new Set(readers.filter(({ topic }) => topic === name).map(one => one.function))
          const { maxMessageBytes } = topicRow(signal)
          if (!bounds) return []
          const growths = readsGrowths ? await growthsFor(name, consumers, connections) : []
          const topic: RedriveTopic = { bounds, consumers, maxMessageBytes, growths }
          return [[name, topic] as const]
        }),
    )
    return new Map(found.flat())
  } finally {
    await offsets.close()
  }
}

/**
 * Returns the partition count increases of a topic. The topic table contains only the current partition count.
 *
 * @param consumers consumers that read the topic. Without consumers, nothing is redriven, and the result is empty.
 * @throws Unavailable if Redis does not answer
 */
export async function growthsFor(
  name: string,
  consumers: ReadonlySet<string>,
  connections: Pick<Connections, 'value'>,
): Promise<readonly Growth[]> {
  if (consumers.size === 0) return []
  return (await growthsOf([name], connections)).get(name) ?? []
}

/** Consumer of redriven records, and whether it is currently running. */
export interface RedriveConsumer {
  readonly consumer: string
  readonly topic: string
  readonly state: GroupDescription['state']
  /** Number of records that the consumer has to process before the redriven ones. */
  readonly pending: number
}

/**
 * Returns the state of the consumers that read these topics. It is only used for warnings, so the result is empty if Kafka denies
 * the request.
 */
export async function consumersNow(
  connections: Connections,
  readers: readonly ReadTopic[],
  consumers: readonly string[],
  topics: readonly string[],
): Promise<readonly RedriveConsumer[]> {
  const read = readers.filter(one => consumers.includes(one.function) && topics.includes(one.topic))
  const kafka = await connections.kafka()
  const offsets = new TopicOffsets(kafka)
  try {
    const groups = await consumerGroups(
      kafka,
      read.map(({ group }) => group),
    )
    const lags = await consumerLags(offsets, read)
    return lags.map(({ function: consumer, topic, group, pending }) => {
      const state = groups.find(one => one.group === group)?.state ?? 'unknown'
      return { consumer, topic, state, pending }
    })
  } catch (error) {
    if (error instanceof Unavailable || error instanceof RefusedByKafka) return []
    throw error
  } finally {
    await offsets.close()
  }
}

const LOOK_EVERY_MS = 5_000

/** Error for an operation that must end because a topic to which it writes was deleted or recreated. */
export class TopicReplaced extends Error {
  override readonly name = 'TopicReplaced'
}

/** Checks periodically that the topics to which an operation writes were not recreated. */
export class TopicWatch {
  readonly #connections: Connections
  readonly #ends: Map<string, readonly number[]>
  #nextMs = performance.now() + LOOK_EVERY_MS

  /** @param topics topics by name, with their offset bounds at the start of the operation */
  constructor(connections: Connections, topics: ReadonlyMap<string, Pick<RedriveTopic, 'bounds'>>) {
    this.#connections = connections
    this.#ends = new Map([...topics].map(([name, { bounds }]) => [name, bounds.map(({ end }) => end)]))
  }

  /**
   * Checks the topics, unless the last check was only a short time ago.
   *
   * @throws TopicReplaced if a topic was deleted or recreated
   */
  async check(topics: Iterable<string>): Promise<void> {
    if (performance.now() < this.#nextMs) return
    this.#nextMs = performance.now() + LOOK_EVERY_MS
    const offsets = new TopicOffsets(await this.#connections.kafka())
    try {
      for (const topic of topics) {
        const bounds = await boundsIfThere(offsets, topic)
        const before = this.#ends.get(topic) ?? []
        if (!bounds || before.some((end, partition) => (bounds[partition]?.end ?? 0) < end))
          throw new TopicReplaced(
            `${topic} was deleted or recreated meanwhile, so its offsets have changed. Check the dead letters and start a new operation.`,
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
