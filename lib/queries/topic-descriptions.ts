/** Descriptions of a cluster's topics: their partitions, settings, records and subscribers. */

import type { Kafka } from '../../packages/runtime/adapters/kafka/client.ts'
import type { TopicOffsets } from '../../packages/runtime/adapters/kafka/offsets.ts'
import {
  describeTopic,
  isInternal,
  type TopicDescription,
  type TopicLayout,
  topicLayouts,
} from '../../packages/runtime/adapters/kafka/topic-admin.ts'
import { sumOf } from '../count.ts'
import { type GroupLag, groupsReading } from './group-lags.ts'
import { kafkaAnswer } from './kafka-answers.ts'
import { topicBounds } from './topics.ts'

/**
 * Returns the topics of the cluster, sorted by name, without internal ones.
 *
 * @throws RefusedByKafka or Unavailable, see `kafkaAnswer`
 */
export async function allTopics(kafka: Kafka): Promise<TopicLayout[]> {
  const all = await kafkaAnswer('list of topics', topicLayouts(kafka))
  return all.filter(({ topic }) => !isInternal(topic))
}

/**
 * Returns the description of a topic.
 *
 * @throws UnknownTopic, RefusedByKafka or Unavailable, see `kafkaAnswer`
 */
export function topicDescription(kafka: Kafka, topic: string): Promise<TopicDescription> {
  return kafkaAnswer(`topic ${topic}`, describeTopic(kafka, topic))
}

/**
 * Returns the number of offsets in each partition of a topic. It includes transaction markers, and records that compaction removed.
 *
 * @throws UnknownTopic, RefusedByKafka or Unavailable, see `kafkaAnswer`
 */
export async function recordCounts(offsets: Pick<TopicOffsets, 'bounds'>, topic: string): Promise<number[]> {
  return (await topicBounds(offsets, topic)).map(({ start, end }) => Math.max(0, end - start))
}

/** Number of records in a topic, and the lag of its subscribers. */
export interface TopicStatistics {
  readonly topic: string
  /** Number of records that the topic currently contains. */
  readonly records: number
  /** Number of records that at least one subscriber has not consumed; all records if there are no subscribers. */
  readonly pending: number
  /** Consumer groups with a member that reads the topic, or with committed offsets for it. */
  readonly subscribers: readonly GroupLag[]
}

/**
 * Returns the statistics of a topic.
 *
 * @throws UnknownTopic, RefusedByKafka or Unavailable, see `kafkaAnswer`
 */
export async function topicStatistics(
  kafka: Kafka,
  offsets: TopicOffsets,
  topic: string,
): Promise<TopicStatistics> {
  const counts = await recordCounts(offsets, topic)
  const subscribers = await groupsReading(kafka, offsets, topic)
  return { topic, records: sumOf(counts), pending: pendingOf(counts, subscribers), subscribers }
}

/** Returns the number of pending records. In each partition, the subscriber with the largest lag counts. Pure. */
export function pendingOf(
  counts: readonly number[],
  subscribers: readonly Pick<GroupLag, 'topics'>[],
): number {
  if (subscribers.length === 0) return sumOf(counts)
  const lags = subscribers.flatMap(({ topics }) => topics.map(({ partitions }) => partitions))
  return sumOf(counts.map((_, partition) => Math.max(0, ...lags.map(lag => lag[partition]?.pending ?? 0))))
}
