/** Finds the topics that a command uses, and their offsets. */

import { isUnknownTopic } from '#runtime/adapters/kafka/errors.ts'
import { TopicOffsets } from '#runtime/adapters/kafka/topic-offsets.ts'
import { createClusterFinder } from '../../lib/app/inputs.ts'
import { listTopics } from '../../lib/queries/kafka/topic-descriptions.ts'
import { readTopicReach, type TopicReach } from '../../lib/queries/kafka/topics.ts'
import type { GuardedConnections } from '../../lib/questions/guarded-connections.ts'
import { missingTopicFailure } from './environment.ts'
import { awaitAnswer, serverFailure } from './server-errors.ts'

/** Returns the first and last offsets of a topic, see `readReachByTopic`. */
export async function readReach(
  connections: GuardedConnections,
  topic: string,
  timeMs?: number,
): Promise<TopicReach> {
  return (await readReachByTopic(connections, [topic], timeMs)).get(topic) as TopicReach
}

/**
 * Returns the first and last offsets of topics.
 *
 * @param timeMs time for which offsets are looked up. If it is undefined, `atTime` is empty.
 * @throws CliFailure if Kafka does not answer, or does not have one of the topics
 */
export async function readReachByTopic(
  connections: GuardedConnections,
  topics: readonly string[],
  timeMs?: number,
): Promise<ReadonlyMap<string, TopicReach>> {
  const { config } = connections
  const findCluster = createClusterFinder(config)
  const opened = new Map<unknown, Promise<TopicOffsets>>()
  const openOffsets = (topic: string): Promise<TopicOffsets> => {
    const clients = connections.at(topic)
    const offsets = opened.get(clients) ?? clients.kafka().then(kafka => new TopicOffsets(kafka))
    opened.set(clients, offsets)
    return offsets
  }
  const readReach = async (topic: string): Promise<readonly [string, TopicReach]> => {
    const asked = { ...config, ...findCluster(topic) }
    const offsets = await openOffsets(topic)
    try {
      return [topic, await awaitAnswer(readTopicReach(offsets, topic, timeMs))]
    } catch (error) {
      if (!isUnknownTopic(error)) throw serverFailure(error, asked)
      throw missingTopicFailure(topic, asked, await listTopics(await connections.at(topic).kafka()))
    }
  }
  try {
    // Query the first topic alone, so that only one error is reported if Kafka does not answer.
    const [first, ...others] = topics
    const reach = first === undefined ? [] : [await readReach(first)]
    return new Map([...reach, ...(await Promise.all(others.map(readReach)))])
  } finally {
    for (const offsets of opened.values()) await offsets.then(offset => offset.close()).catch(() => {})
  }
}
