/** Runs queries on the dead letters of an environment. */

import { RefusedByKafka } from '#runtime/adapters/kafka/errors.ts'
import { StateInspection } from '#runtime/adapters/redis/state-inspection.ts'
import { PartitionStopped, RecordRefused, Unavailable } from '#runtime/pipeline/errors.ts'
import type { Config } from '../../lib/app/config.ts'
import { readFunctions } from '../../lib/app/function-entries.ts'
import { listTriggerTopics } from '../../lib/app/functions.ts'
import { type InputsConfig, resolveInputs } from '../../lib/app/inputs.ts'
import type { DeadLetterSource } from '../../lib/queries/dead-letters/dead-letters.ts'
import type { ReadTopic } from '../../lib/queries/kafka/consumer-lag.ts'
import { CliFailure } from '../failure.ts'
import { CommandConnections } from '../servers/command-connections.ts'
import { readReachByTopic } from '../servers/topic-reach.ts'

/** Errors with an external cause and a message for users. */
const EXPECTED = [Unavailable, RecordRefused, RefusedByKafka, PartitionStopped]

/**
 * Runs a query on the current dead letters.
 *
 * @throws CliFailure if Kafka does not respond or refuses a record, or if the topic is missing or was recreated during the query
 */
export async function queryDlq<T>(
  config: Config,
  question: (letters: DeadLetterSource, connections: CommandConnections) => Promise<T>,
): Promise<T> {
  const connections = new CommandConnections(config)
  const { families, names } = config
  const topic = names.topicName('dlq', config.env)
  try {
    const bounds = async () =>
      (await readReachByTopic(connections, config, [topic], undefined)).get(topic)?.bounds ?? []
    const states = async () => new StateInspection(await connections.redis())
    // Query Kafka first, because nothing else works without it.
    await bounds()
    return await question({ log: await connections.log(), topic, families, bounds, states }, connections)
  } catch (error) {
    const isExpected = EXPECTED.some(kind => error instanceof kind)
    throw isExpected ? new CliFailure((error as Error).message, 1, { cause: error }) : error
  } finally {
    await connections.close()
  }
}

/** Returns the functions of an environment with the topics that they read. */
export function listReaders(config: InputsConfig): readonly ReadTopic[] {
  const inputs = resolveInputs(config).map(({ topic }) => topic)
  return readFunctions().flatMap(declared => listTriggerTopics(declared, config, inputs))
}
