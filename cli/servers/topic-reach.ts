/** Finds the offsets of a topic that a command uses. */
import { isUnknownTopic } from '#runtime/adapters/kafka/errors.ts'
import { TopicOffsets } from '#runtime/adapters/kafka/topic-offsets.ts'
import { createClusterFinder } from '../../lib/app/inputs.ts'
import { listTopics } from '../../lib/queries/kafka/topic-descriptions.ts'
import { readTopicReach, type TopicReach } from '../../lib/queries/kafka/topics.ts'
import type { GuardedConnections } from '../../lib/questions/guarded-connections.ts'
import { missingTopicFailure } from './environment.ts'
import { awaitAnswer, serverFailure } from './server-errors.ts'

/**
 * Returns the first and last offsets of a topic.
 *
 * @param timeMs time for which offsets are looked up. If it is undefined, `atTime` is empty.
 * @throws CliFailure if Kafka does not answer, or does not have the topic
 */
export async function readReach(
  connections: GuardedConnections,
  topic: string,
  timeMs?: number,
): Promise<TopicReach> {
  const { config } = connections
  const asked = { ...config, ...createClusterFinder(config)(topic) }
  const kafka = await connections.at(topic).kafka()
  const offsets = new TopicOffsets(kafka)
  try {
    return await awaitAnswer(readTopicReach(offsets, topic, timeMs))
  } catch (error) {
    if (!isUnknownTopic(error)) throw serverFailure(error, asked)
    throw missingTopicFailure(topic, asked, await listTopics(kafka))
  } finally {
    await offsets.close().catch(() => {})
  }
}
