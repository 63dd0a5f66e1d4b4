/** Topics: which exist, where they differ from the table, and how far each of their partitions reaches. */
import type { Kafka } from '../../packages/runtime/adapters/kafka/client.ts'
import { isUnknownTopic } from '../../packages/runtime/adapters/kafka/errors.ts'
import type { Bounds, TopicOffsets } from '../../packages/runtime/adapters/kafka/offsets.ts'
import {
  compareTopics,
  type TopicComparison,
  type TopicsOptions,
} from '../../packages/runtime/adapters/kafka/topics.ts'
import { kafkaAnswer } from './kafka-answers.ts'

/** Where the partitions of a topic begin and end now, by partition, and the first offset of each at or after a time. */
export interface TopicReach {
  readonly bounds: readonly Bounds[]
  /** Empty if no time was asked for. */
  readonly atTime: readonly number[]
}

/** Knows the bounds of topics; for some perhaps only in partitions that have a leader. */
export interface BoundsSource<Known extends Bounds | undefined = Bounds> {
  bounds(topic: string): Promise<readonly Known[]>
}

/**
 * The first offset of each partition, and the one after its last record, by partition.
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
 * Returns bounds as `topicBounds` does; undefined if Kafka has no such topic. @throws RefusedByKafka or Unavailable, see
 * `kafkaAnswer`
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
 * How far a topic reaches.
 *
 * @param timeMs looks up the first offset that was written then or later, in milliseconds since the epoch
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
 * Which of these topics exist, and where they differ from their definitions.
 *
 * @throws RefusedByKafka or Unavailable, see `kafkaAnswer`
 */
export function topicsByTable(
  kafka: Kafka,
  wanted: Pick<TopicsOptions, 'topics' | 'replication'>,
): Promise<TopicComparison> {
  return kafkaAnswer('list of topics', compareTopics(kafka, wanted))
}
