/** Connects a command to Kafka and Redis, and converts connection errors to messages for users. */

import { isUnknownTopic, RefusedByKafka } from '#runtime/adapters/kafka/errors.ts'
import type { TopicPublisher } from '#runtime/adapters/kafka/producer-ports.ts'
import { signInProblem } from '#runtime/adapters/kafka/sign-in-problem.ts'
import { describeAddress, parseRedisUrl } from '#runtime/adapters/redis/address.ts'
import type { RedisClient } from '#runtime/adapters/redis/client.ts'
import { Unavailable } from '#runtime/pipeline/errors.ts'
import type { Environment } from '#runtime/settings/slice.ts'
import { type Config, localEnvironment, readConfig } from '../lib/app/config.ts'
import { formatKafkaAddress, getReason } from '../lib/operations/server-messages.ts'
import { StackNotFound, stackEnvironment } from '../scripts/addresses.ts'
import { CommandConnections } from './command-connections.ts'
import { CliFailure } from './failure.ts'
import type { Terminal } from './terminal.ts'
import { within } from '#runtime/adapters/within.ts'

export { formatKafkaAddress, getReason } from '../lib/operations/server-messages.ts'

/** Timeout for the first answer of a server, in milliseconds. */
const ANSWER_TIMEOUT_MS = 10_000

/**
 * Returns the settings of a command.
 *
 * @param env name of the environment from the option `--env`, which takes precedence over SLUICE_ENV
 * @throws CliFailure if the requested stack does not run
 */
export function resolveConfig(terminal: Terminal, env: string | undefined): Config {
  return readConfig(resolveEnvironment(terminal, env))
}

/**
 * Returns the environment variables from which `resolveConfig` reads the settings.
 *
 * @throws CliFailure if the requested stack does not run
 */
export function resolveEnvironment(
  { environment, stack, stacksDir, withKafkaOptions = same => same }: Terminal,
  env: string | undefined,
): Environment {
  try {
    // Apply the Kafka options twice: before, so that they work without a stack, and after, because they take precedence over a
    // selected stack.
    const reaching = withKafkaOptions(stackEnvironment(withKafkaOptions(environment), stack, stacksDir))
    return localEnvironment(env === undefined ? reaching : { ...reaching, SLUICE_ENV: env })
  } catch (error) {
    throw error instanceof StackNotFound ? new CliFailure(error.message) : error
  }
}

/**
 * Checks that the topic exists.
 *
 * @throws CliFailure if Kafka does not answer within ten seconds, or does not have the topic
 */
export async function requireTopic(
  publisher: Pick<TopicPublisher, 'countPartitions'>,
  topic: string,
  config: Config,
): Promise<void> {
  const where = formatKafkaAddress(config)
  try {
    await awaitAnswer(publisher.countPartitions(topic))
  } catch (error) {
    requireSignIn(error, config)
    if (isUnknownTopic(error))
      throw new CliFailure(
        `Kafka at ${where} has no topic ${topic}. \`npm start\` creates the topics of "local"; check --env and SLUICE_ENV.`,
      )
    throw kafkaFailure(error, config)
  }
}

/** Converts an error of Kafka to an error with a message for users. All other errors are returned unchanged. */
export function kafkaFailure(error: unknown, config: Config): unknown {
  const where = formatKafkaAddress(config)
  if (isUnknownTopic(error)) return new CliFailure(`Kafka at ${where}: ${error.message}`)
  if (error instanceof RefusedByKafka && error.code === 'refused')
    return new CliFailure(`Kafka at ${where} refuses: ${getReason(error)}`)
  if (!isAnswerMissing(error)) return error
  return new CliFailure(
    `Kafka does not answer at ${where}: start it with \`npm start\`, or set KAFKA_BROKERS. (${getReason(error)})`,
  )
}

/** Converts errors of authentication. @throws CliFailure if the error is caused by wrong connection or authentication settings */
export function requireSignIn(error: unknown, config: Config): void {
  const problem = signInProblem(error)
  if (problem !== undefined)
    throw new CliFailure(`Kafka at ${formatKafkaAddress(config)} cannot be used: ${problem}`)
}

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

class NoAnswer extends Error {}

/** Returns whether the error means that the server cannot be reached. */
function isAnswerMissing(error: unknown): boolean {
  return error instanceof Unavailable || error instanceof NoAnswer
}

/** Waits for the first answer of a server. @throws NoAnswer if the answer takes longer than ten seconds */
export function awaitAnswer<T>(answer: Promise<T>): Promise<T> {
  const createError = () => new NoAnswer(`no answer within ${ANSWER_TIMEOUT_MS / 1000} s`)
  return within(ANSWER_TIMEOUT_MS, answer, createError)
}
