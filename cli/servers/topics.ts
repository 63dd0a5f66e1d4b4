/** Finds the topic that a command uses, and its offsets. */
import { type TopicLayout, TopicOffsets } from '#runtime/operating/kafka'
import { withTimeout } from '../../control/diagnosis/observe.ts'
import { serverFailure } from '../../control/operations/server-failure.ts'
import type { Environment } from '../../control/questions/environment.ts'
import { missingTopic } from '../../control/questions/kafka.ts'
import { findTopicReach, type TopicReach } from '../../lib/log/topic-bounds.ts'
import { requireOwnTopics } from './environment.ts'

/**
 * Checks that the topic exists.
 *
 * @throws CliFailure if its environment does not exist, Failure for an unknown topic
 */
export async function requireTopic(environment: Environment, topic: string): Promise<TopicLayout> {
  const topics = await environment.topics()
  const found = topics.find(layout => layout.topic === topic)
  if (found) return found
  if (environment.findSignal(topic) !== undefined) requireOwnTopics(topics, environment.config)
  throw missingTopic(environment.config, topic)
}

/**
 * Returns the first and last offsets of a topic.
 *
 * @param timeMs time for which offsets are looked up. If it is undefined, `atTime` is empty.
 * @throws Failure if Kafka does not answer, or does not have the topic
 */
export async function readReach(
  environment: Environment,
  topic: string,
  timeMs?: number,
): Promise<TopicReach> {
  const { config, connections } = environment
  const offsets = new TopicOffsets(await connections.kafka())
  try {
    const reach = await withTimeout(findTopicReach(offsets, topic, timeMs)).catch(error => {
      throw serverFailure(error, config)
    })
    if (reach) return reach
    if (environment.findSignal(topic) !== undefined) await requireTopic(environment, topic)
    throw missingTopic(config, topic)
  } finally {
    await offsets.close().catch(() => {})
  }
}
