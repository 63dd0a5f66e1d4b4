/** Settings of topics that commands create. */

import { replicationOn } from '#runtime/adapters/kafka/replication.ts'
import { type NewTopic, topicNotCreated } from '#runtime/adapters/kafka/topic-admin.ts'
import { topicConfiguration } from '#runtime/adapters/kafka/application-topics.ts'
import { kafkaTopics } from '../../app/topics.ts'

/**
 * Returns the settings of a topic to create. A topic in the topic table has the settings from there; other topics have the defaults
 * of the brokers. The given changes are applied to these settings.
 */
export function buildTopic(
  topic: string,
  settings: Readonly<Record<string, string>>,
  { partitions, replicationFactor }: Pick<NewTopic, 'partitions' | 'replicationFactor'>,
  env: string,
  brokers: number,
): NewTopic {
  const overrides = {
    ...(partitions === undefined ? {} : { partitions }),
    ...(replicationFactor === undefined ? {} : { replicationFactor }),
  }
  const inTable = kafkaTopics(env).find(one => one.name === topic)
  if (!inTable) return { topic, ...overrides, settings }
  const replication = replicationOn(brokers)
  const byTable = topicConfiguration(inTable, replication).map(({ name, value }) => [name, value])
  return {
    topic,
    partitions: inTable.partitions,
    replicationFactor: replication.factor,
    ...overrides,
    settings: { ...Object.fromEntries(byTable), ...settings },
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
