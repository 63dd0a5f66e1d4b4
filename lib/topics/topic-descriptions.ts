/** Describes the topics of a cluster: their partitions, settings and records. */

import {
  isInternal,
  type Kafka,
  type TopicLayout,
  type TopicOffsets,
  topicLayouts,
} from '#runtime/operating/kafka'
import { awaitKafkaAnswer } from '../log/kafka-answers.ts'
import { readTopicBounds } from '../log/topic-bounds.ts'

/**
 * Returns the topics of the cluster sorted by name, without internal topics.
 *
 * @throws RefusedByKafka or Unavailable, see `awaitKafkaAnswer`
 */
export async function listTopics(kafka: Kafka): Promise<TopicLayout[]> {
  const all = await awaitKafkaAnswer('list of topics', topicLayouts(kafka))
  return all.filter(({ topic }) => !isInternal(topic))
}

/**
 * Returns the number of offsets in each partition of a topic. The count includes transaction markers and records removed by
 * compaction.
 *
 * @throws RefusedByKafka or Unavailable, see `awaitKafkaAnswer`
 */
export async function countRecords(offsets: Pick<TopicOffsets, 'bounds'>, topic: string): Promise<number[]> {
  return (await readTopicBounds(offsets, topic)).map(({ start, end }) => Math.max(0, end - start))
}
