/** Runs the work of a command with Redis, and converts errors to messages for users. */

import type { RedisClient } from '#runtime/adapters/redis/client.ts'
import type { Config } from '../../lib/app/config.ts'
import { CommandConnections } from './command-connections.ts'
import { requireEnvironment } from './environment.ts'
import { serverFailure } from './server-errors.ts'

/**
 * Runs work with Redis. The work as a whole has no time limit, because each Redis command has its own.
 *
 * @throws CliFailure if a server cannot be used
 */
export async function withRedis<T>(
  config: Config,
  use: (client: RedisClient, connections: CommandConnections) => Promise<T>,
): Promise<T> {
  const connections = new CommandConnections(config)
  try {
    const client = await connections.redis()
    await client.run(redis => redis.ping())
    await requireEnvironment(connections, config)
    return await use(client, connections)
  } catch (error) {
    throw serverFailure(error, config)
  } finally {
    await connections.close()
  }
}
