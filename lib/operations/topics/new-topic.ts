/** Settings of topics that commands create. */

import { replicationOn } from '#runtime/adapters/kafka/replication.ts'
import { type NewTopic, topicNotCreated } from '#runtime/adapters/kafka/topic-admin.ts'
import { topicConfiguration } from '#runtime/adapters/kafka/topic-configuration.ts'
import type { Named } from '../../app/names.ts'

/**
 * Returns the settings of a topic to create. A topic in the topic table has the settings from there; other topics have the defaults
 * of the brokers.
 */
export function buildTopic(topic: string, { env, names }: Named, brokers: number): NewTopic {
  const inTable = names.kafkaTopics(env).find(row => row.name === topic)
  if (!inTable) return { topic, settings: {} }
  const replication = replicationOn(brokers)
  const byTable = topicConfiguration(inTable, replication).map(({ name, value }) => [name, value])
  return {
    topic,
    partitions: inTable.partitions,
    replicationFactor: replication.factor,
    settings: Object.fromEntries(byTable),
  }
}

/**
 * Checks that records could be written to the topic. Kafka would create a topic with too few replicas, but then reject every
 * record.
 */
export function requireWritable({ replicationFactor, settings }: NewTopic): void {
  const needed = Number(settings['min.insync.replicas'] ?? 1)
  if (replicationFactor !== undefined && needed > replicationFactor)
    throw topicNotCreated(
      `min.insync.replicas ${needed} is larger than the replication factor ${replicationFactor}: nothing could be written`,
    )
}
