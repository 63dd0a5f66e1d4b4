/** Runs queries on the dead letters of an environment. */

import type { Config } from '../../lib/app/config.ts'
import { topicName } from '../../lib/app/topics.ts'
import type { DeadLetterSource } from '../../lib/queries/dead-letters.ts'
import { StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import { PartitionStopped, Unavailable } from '../../packages/runtime/pipeline/errors.ts'
import { CommandConnections } from '../command-connections.ts'
import { CliFailure } from '../failure.ts'
import { reachOf } from '../topics.ts'

/**
 * Runs a query on the current dead letters.
 *
 * @throws CliFailure if Kafka does not respond, or if the topic is missing or was recreated during the query
 */
export async function askDlq<T>(
  config: Config,
  question: (letters: DeadLetterSource, connections: CommandConnections) => Promise<T>,
): Promise<T> {
  const connections = new CommandConnections(config)
  const topic = topicName('dlq', config.env)
  try {
    const bounds = async () =>
      (await reachOf(connections, config, [topic], undefined)).get(topic)?.bounds ?? []
    const states = async () => new StateInspection(await connections.redis())
    // Query Kafka first, because nothing else works without it.
    await bounds()
    return await question({ log: await connections.log(), topic, bounds, states }, connections)
  } catch (error) {
    const isExpected = error instanceof Unavailable || error instanceof PartitionStopped
    throw isExpected ? new CliFailure(error.message, 1, { cause: error }) : error
  } finally {
    await connections.close()
  }
}
