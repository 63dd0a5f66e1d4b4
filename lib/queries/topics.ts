/** Reads which topics exist, where they differ from the topic table, and the bounds of their partitions. */
import type { Kafka } from '../../packages/runtime/adapters/kafka/client.ts'
import { isUnknownTopic } from '../../packages/runtime/adapters/kafka/errors.ts'
import type { Bounds, TopicOffsets } from '../../packages/runtime/adapters/kafka/offsets.ts'
import {
  compareTopics,
  type TopicComparison,
  type TopicsOptions,
} from '../../packages/runtime/adapters/kafka/topics.ts'
import { kafkaAnswer } from './kafka-answers.ts'

/** Current bounds of a topic's partitions, and the first offset of each at or after a time. */
export interface TopicReach {
  readonly bounds: readonly Bounds[]
  /** First offset of each partition at or after the time; empty if no time was given. */
  readonly atTime: readonly number[]
}

/** Source of topic bounds. It may know only partitions with a leader. */
export interface BoundsSource<Known extends Bounds | undefined = Bounds> {
  bounds(topic: string): Promise<readonly Known[]>
}

/**
 * Returns the first offset of each partition, and the one after its last record, by partition.
 *
 * @throws UnknownTopic, RefusedByKafka or Unavailable, see `kafkaAnswer`
 */
export function topicBounds<Known extends Bounds | undefined>(
  offsets: BoundsSource<Known>,
  topic: string,
): Promise<readonly Known[]> {
  return kafkaAnswer(`topic ${topic}`, offsets.bounds(topic))
}

/**
 * Returns bounds like `topicBounds`, but undefined if the topic does not exist.
 *
 * @throws RefusedByKafka or Unavailable, see `kafkaAnswer`
 */
export async function boundsIfThere<Known extends Bounds | undefined>(
  offsets: BoundsSource<Known>,
  topic: string,
): Promise<readonly Known[] | undefined> {
  try {
    return await topicBounds(offsets, topic)
  } catch (error) {
    if (isUnknownTopic(error)) return undefined
    throw error
  }
}

/**
 * Returns the bounds of a topic.
 *
 * @param timeMs time in milliseconds since the epoch, for which the first offset written then or later is looked up
 * @throws UnknownTopic, RefusedByKafka or Unavailable, see `kafkaAnswer`
 */
export async function topicReach(
  offsets: Pick<TopicOffsets, 'bounds' | 'at'>,
  topic: string,
  timeMs?: number,
): Promise<TopicReach> {
  const [bounds, atTime] = await Promise.all([
    topicBounds(offsets, topic),
    timeMs === undefined ? [] : kafkaAnswer(`topic ${topic}`, offsets.at(topic, timeMs)),
  ])
  return { bounds, atTime }
}

/**
 * Returns which of these topics exist, and where they differ from their definitions.
 *
 * @throws RefusedByKafka or Unavailable, see `kafkaAnswer`
 */
export function topicsByTable(
  kafka: Kafka,
  wanted: Pick<TopicsOptions, 'topics' | 'replication'>,
): Promise<TopicComparison> {
  return kafkaAnswer('list of topics', compareTopics(kafka, wanted))
}
