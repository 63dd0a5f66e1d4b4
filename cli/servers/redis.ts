/** Runs the work of a command with Redis, and converts errors to messages for users. */

import { describeAddress, parseRedisUrl } from '#runtime/adapters/redis/address.ts'
import type { RedisClient } from '#runtime/adapters/redis/client.ts'
import { Unavailable } from '#runtime/pipeline/errors.ts'
import type { Config } from '../../lib/app/config.ts'
import { getReason } from '../../lib/operations/server-messages.ts'
import { CliFailure } from '../failure.ts'
import { CommandConnections } from './command-connections.ts'
import { requireEnvironment } from './environment.ts'
import { awaitAnswer, isAnswerMissing, kafkaFailure } from './server-errors.ts'

/**
 * Runs work with Redis. The work as a whole has no time limit, because each Redis command has its own.
 *
 * @throws CliFailure if Redis does not answer
 */
export async function withRedis<T>(
  config: Config,
  use: (client: RedisClient, connections: CommandConnections) => Promise<T>,
): Promise<T> {
  const connections = new CommandConnections(config)
  try {
    const client = await connections.redis()
    await awaitAnswer(client.run(redis => redis.ping()))
    await requireEnvironment(connections, config)
    return await use(client, connections)
  } catch (error) {
    const address = parseRedisUrl(config.redis.url)
    const host = address && describeAddress(address)
    const { name, message } = error as Error
    if (name === 'ReplyError') throw new CliFailure(`Redis at ${host} refuses: ${message}`)
    // The work may also use Kafka.
    if (error instanceof Unavailable && error.code === 'broker-unavailable') throw kafkaFailure(error, config)
    if (!isAnswerMissing(error)) throw error
    throw new CliFailure(
      `Redis does not answer at ${host}: start it with \`npm start\`, or set REDIS_URL. (${getReason(error)})`,
    )
  } finally {
    await connections.close()
  }
}
