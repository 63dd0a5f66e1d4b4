/** Describes the topics of a cluster: their partitions, settings and records. */

import type { Kafka } from '#runtime/adapters/kafka/client.ts'
import type { TopicOffsets } from '#runtime/adapters/kafka/offsets.ts'
import {
  describeTopic,
  isInternal,
  type TopicDescription,
  type TopicLayout,
  topicLayouts,
} from '#runtime/adapters/kafka/topic-admin.ts'
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
