/** Runs the work of a command with Kafka, and converts errors to messages for users. */

import type { Kafka } from '#runtime/adapters/kafka/client.ts'
import { isUnknownTopic } from '#runtime/adapters/kafka/errors.ts'
import type { TopicLayout } from '#runtime/adapters/kafka/topic-admin.ts'
import { TopicOffsets } from '#runtime/adapters/kafka/topic-offsets.ts'
import type { Config } from '../../lib/app/config.ts'
import { listTopics } from '../../lib/queries/kafka/topic-descriptions.ts'
import type { Environment } from '../../lib/questions/environment.ts'
import type { GuardedConnections } from '../../lib/questions/guarded-connections.ts'
import { environmentFailure, missingTopicFailure } from './environment.ts'
import { withEnvironment } from './open-environment.ts'
import { awaitAnswer, serverFailure } from './server-errors.ts'

/** Context of a command that uses Kafka. */
export interface KafkaCommand {
  readonly config: Config
  readonly kafka: Kafka
  readonly connections: GuardedConnections
  readonly offsets: TopicOffsets
  /** Topics that the cluster has at the start of the command. Internal topics are not included. */
  readonly topics: readonly TopicLayout[]
}

/**
 * Runs work with Kafka, and closes its connections.
 *
 * @param named environment in the option `--env`, which must exist. Without it, a command that can use any topic works with any
 * cluster.
 * @throws CliFailure if Kafka does not answer within ten seconds, or refuses a request
 */
export function withKafka<T>(
  config: Config,
  use: (command: KafkaCommand) => Promise<T>,
  named?: string,
): Promise<T> {
  const run = async ({ connections }: Environment) => {
    const kafka = await connections.kafka()
    const topics = await awaitAnswer(listTopics(kafka))
    const missing = named === undefined ? undefined : environmentFailure(topics, config)
    if (missing) throw missing
    const offsets = connections.register(new TopicOffsets(kafka))
    return use({ config, kafka, connections, offsets, topics })
  }
  return withEnvironment(config, run, false)
}

/**
 * Checks that the topic exists.
 *
 * @throws CliFailure for an unknown topic.
 */
export function requireListedTopic(
  { topics, config }: Pick<KafkaCommand, 'topics' | 'config'>,
  topic: string,
): TopicLayout {
  const found = topics.find(layout => layout.topic === topic)
  if (found) return found
  throw missingTopicFailure(topic, config, topics)
}

/**
 * Checks that the topic exists, by its partitions.
 *
 * @throws CliFailure if Kafka does not answer within ten seconds, or does not have the topic
 */
export async function requireTopic(
  connections: Pick<GuardedConnections, 'config' | 'kafka' | 'publisher'>,
  topic: string,
): Promise<void> {
  const { config } = connections
  try {
    await awaitAnswer((await connections.publisher()).countPartitions(topic))
  } catch (error) {
    if (isUnknownTopic(error))
      throw missingTopicFailure(topic, config, await listTopics(await connections.kafka()))
    throw serverFailure(error, config)
  }
}
