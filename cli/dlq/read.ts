/** Opens the dlq topic for a question. */
import type { Config } from '../../lib/app/config.ts'
import { topicName } from '../../lib/app/topics.ts'
import { type Range, rangesOf } from '../../lib/queries/records.ts'
import { PartitionStopped, Unavailable } from '../../packages/runtime/pipeline/errors.ts'
import type { LogReader } from '../../packages/runtime/pipeline/ports.ts'
import { CommandConnections } from '../command-connections.ts'
import { CliFailure } from '../failure.ts'
import { reachOf } from '../topics.ts'

/**
 * Asks about the dlq topic as it is now.
 *
 * @param sinceMs only dead letters that were written then or later
 * @throws CliFailure if Kafka does not answer, or there is no such topic, or it is made anew meanwhile
 */
export async function askDlq<T>(
  config: Config,
  sinceMs: number | undefined,
  question: (log: LogReader, ranges: readonly Range[], connections: CommandConnections) => Promise<T>,
): Promise<T> {
  const connections = new CommandConnections(config)
  const topic = topicName('dlq', config.env)
  try {
    const reach = await reachOf(connections, config, [topic], sinceMs)
    const ranges = [...reach].flatMap(([name, one]) => rangesOf(name, one))
    return await question(await connections.log(), ranges, connections)
  } catch (error) {
    const isExpected = error instanceof Unavailable || error instanceof PartitionStopped
    throw isExpected ? new CliFailure(error.message, 1, { cause: error }) : error
  } finally {
    await connections.close()
  }
}
