/** Runs the work of a command with Redis, and converts errors to messages for users. */

import type { RedisClient } from '#runtime/adapters/redis/client.ts'
import type { Config } from '../../lib/app/config.ts'
import type { GuardedConnections } from '../../lib/questions/guarded-connections.ts'
import { withEnvironment } from './open-environment.ts'

/**
 * Runs work with Redis. The work as a whole has no time limit, because each Redis command has its own.
 *
 * @throws CliFailure if a server cannot be used
 */
export function withRedis<T>(
  config: Config,
  use: (client: RedisClient, connections: GuardedConnections) => Promise<T>,
): Promise<T> {
  return withEnvironment(config, async ({ connections }) => {
    const client = await connections.redis()
    await client.run(redis => redis.ping())
    return use(client, connections)
  })
}
