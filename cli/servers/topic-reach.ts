/** Finds the topics that a command uses, and their offsets. */

import { isUnknownTopic } from '#runtime/adapters/kafka/errors.ts'
import { TopicOffsets } from '#runtime/adapters/kafka/topic-offsets.ts'
import type { Connections } from '#runtime/lambda/connections.ts'
import type { Config } from '../../lib/app/config.ts'
import { readTopicReach, type TopicReach } from '../../lib/queries/kafka/topics.ts'
import { awaitAnswer, missingTopicFailure, noAnswerFailure, requireSignIn } from './server-errors.ts'

/**
 * Returns the first and last offsets of topics.
 *
 * @param timeMs time for which offsets are looked up. If it is undefined, `atTime` is empty.
 * @throws CliFailure if Kafka does not answer, or does not have one of the topics
 */
export async function readReachByTopic(
  connections: Connections,
  config: Config,
  topics: readonly string[],
  timeMs: number | undefined,
): Promise<ReadonlyMap<string, TopicReach>> {
  const offsets = new TopicOffsets(await connections.kafka())
  const readReach = async (topic: string): Promise<readonly [string, TopicReach]> => {
    try {
      return [topic, await awaitAnswer(readTopicReach(offsets, topic, timeMs))]
    } catch (error) {
      requireSignIn(error, config)
      throw isUnknownTopic(error) ? missingTopicFailure(topic, config) : noAnswerFailure(error, config)
    }
  }
  try {
    // Query the first topic alone, so that only one error is reported if Kafka does not answer.
    const [first, ...others] = topics
    const reach = first === undefined ? [] : [await readReach(first)]
    return new Map([...reach, ...(await Promise.all(others.map(readReach)))])
  } finally {
    await offsets.close().catch(() => {})
  }
}
