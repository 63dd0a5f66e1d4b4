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
 * The topics of the cluster, by name, without those that Kafka keeps for itself.
 *
 * @throws RefusedByKafka or Unavailable, see `kafkaAnswer`
 */
export async function allTopics(kafka: Kafka): Promise<TopicLayout[]> {
  const all = await kafkaAnswer('list of topics', topicLayouts(kafka))
  return all.filter(({ topic }) => !isInternal(topic))
}

/** @throws UnknownTopic, RefusedByKafka or Unavailable, see `kafkaAnswer` */
export function topicDescription(kafka: Kafka, topic: string): Promise<TopicDescription> {
  return kafkaAnswer(`topic ${topic}`, describeTopic(kafka, topic))
}

/**
 * How many offsets each partition of a topic holds now, by partition. They count markers of transactions, and what compaction took.
 *
 * @throws UnknownTopic, RefusedByKafka or Unavailable, see `kafkaAnswer`
 */
export async function recordCounts(offsets: Pick<TopicOffsets, 'bounds'>, topic: string): Promise<number[]> {
  return (await topicBounds(offsets, topic)).map(({ start, end }) => Math.max(0, end - start))
}

/** How full a topic is, and who has yet to read what. */
export interface TopicStatistics {
  readonly topic: string
  /** Records that Kafka keeps now. */
  readonly records: number
  /** Records that at least one subscriber has not consumed; all of them without subscribers. */
  readonly pending: number
  /** Consumer groups with a member that reads the topic, or with offsets of it. */
  readonly subscribers: readonly GroupLag[]
}

/** @throws UnknownTopic, RefusedByKafka or Unavailable, see `kafkaAnswer` */
export async function topicStatistics(
  kafka: Kafka,
  offsets: TopicOffsets,
  topic: string,
): Promise<TopicStatistics> {
  const counts = await recordCounts(offsets, topic)
  const subscribers = await groupsReading(kafka, offsets, topic)
  return { topic, records: sumOf(counts), pending: pendingOf(counts, subscribers), subscribers }
}

/** The subscriber that is farthest behind in a partition decides. Pure. */
export function pendingOf(
  counts: readonly number[],
  subscribers: readonly Pick<GroupLag, 'topics'>[],
): number {
  if (subscribers.length === 0) return sumOf(counts)
  const lags = subscribers.flatMap(({ topics }) => topics.map(({ partitions }) => partitions))
  return sumOf(counts.map((_, partition) => Math.max(0, ...lags.map(lag => lag[partition]?.pending ?? 0))))
}
