/** Describes the topics of a cluster: their partitions, settings, records and subscribers. */

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
 * Returns the topics of the cluster sorted by name, without internal topics.
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
 * Returns the number of offsets in each partition of a topic. The count includes transaction markers and records removed by
 * compaction.
 *
 * @throws UnknownTopic, RefusedByKafka or Unavailable, see `kafkaAnswer`
 */
export async function recordCounts(offsets: Pick<TopicOffsets, 'bounds'>, topic: string): Promise<number[]> {
  return (await topicBounds(offsets, topic)).map(({ start, end }) => Math.max(0, end - start))
}

/** Number of records in a topic, and the lag of its subscribers. */
export interface TopicStatistics {
  readonly topic: string
  /** Number of records in the topic. */
  readonly records: number
  /** Number of records that at least one subscriber has not consumed. Without subscribers, all records are pending. */
  readonly pending: number
  /** Consumer groups that have a member reading the topic, or committed offsets for it. */
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

/** Returns the number of pending records. The subscriber with the largest lag determines the number in each partition. Pure. */
export function pendingOf(
  counts: readonly number[],
  subscribers: readonly Pick<GroupLag, 'topics'>[],
): number {
  if (subscribers.length === 0) return sumOf(counts)
  const lags = subscribers.flatMap(({ topics }) => topics.map(({ partitions }) => partitions))
  return sumOf(counts.map((_, partition) => Math.max(0, ...lags.map(lag => lag[partition]?.pending ?? 0))))
}
