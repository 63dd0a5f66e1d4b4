/** The topics of an environment to which dead letters can be redriven, and their consumers, as Kafka sees them now. */

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
 * Returns the existing topics of the topic table without the dlq, which has no consumer to redrive to.
 *
 * @param readers the functions of the environment, and the topics that they read
 * @param readsGrowths whether to ask Redis how they have grown; without it, records cannot be redriven to them
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
 * Returns the growths of a topic. The topic table has only the present number of partitions.
 *
 * @param consumers that read it; to a topic without any, nothing is redriven
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

/** A consumer to which dead letters go, and whether it is there to take them. */
export interface RedriveConsumer {
  readonly consumer: string
  readonly topic: string
  readonly state: GroupDescription['state']
  /** Records that it has still to take, before what is redriven now. */
  readonly pending: number
}

/** How those consumers are that read any of these topics. Empty if Kafka does not let it know: it is a warning only. */
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

/** An operation must not continue: a topic that it writes to was deleted or recreated. */
export class TopicReplaced extends Error {
  override readonly name = 'TopicReplaced'
}

/** Looks now and then whether topics that are written to are still those that were looked at. */
export class TopicWatch {
  readonly #connections: Connections
  readonly #ends: Map<string, readonly number[]>
  #nextMs = performance.now() + LOOK_EVERY_MS

  /** @param topics by name, with their bounds at the beginning */
  constructor(connections: Connections, topics: ReadonlyMap<string, Pick<RedriveTopic, 'bounds'>>) {
    this.#connections = connections
    this.#ends = new Map([...topics].map(([name, { bounds }]) => [name, bounds.map(({ end }) => end)]))
  }

  /** @throws TopicReplaced if one of these topics was deleted or recreated */
  async check(topics: Iterable<string>): Promise<void> {
    if (performance.now() < this.#nextMs) return
    this.#nextMs = performance.now() + LOOK_EVERY_MS
    const offsets = new TopicOffsets(await this.#connections.kafka())
    try {
      for (const topic of topics) {
        const bounds = await boundsIfThere(offsets, topic)
        const before = this.#ends.get(topic) ?? []
        if (!bounds || before.some((end, partition) => (bounds[partition]?.end ?? 0) < end))
          throw new TopicReplaced(`${topic} was deleted or made anew meanwhile: its offsets are others now.`)
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
