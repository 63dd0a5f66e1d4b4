/** Opens the environment that a command asks, and converts errors to messages for users. */
import type { Kafka } from '#runtime/adapters/kafka/client.ts'
import { once } from '#runtime/lambda/once.ts'
import type { Config } from '../../lib/app/config.ts'
import { readFunctions } from '../../lib/app/function-entries.ts'
import { listTopics } from '../../lib/queries/kafka/topic-descriptions.ts'
import { Environment, isOnThisMachine } from '../../lib/questions/environment.ts'
import { CommandConnections } from './command-connections.ts'
import { requireEnvironment } from './environment.ts'
import { awaitAnswer, serverFailure } from './server-errors.ts'

/** Environment of a command. Its connections refuse to write, and Kafka must answer soon when it is first used. */
export class CommandEnvironment extends Environment {
  declare readonly connections: CommandConnections
  /** Waits for a first answer of Kafka. @throws the errors of `awaitAnswer` */
  readonly #check: () => Promise<void>

  constructor(config: Config) {
    const connections = new CommandConnections(config)
    super({ config, functions: readFunctions(), connections, isLocal: isOnThisMachine(config) })
    this.#check = once(async () => {
      await awaitAnswer(connections.kafka().then((kafka: Kafka) => listTopics(kafka)))
    })
  }

  protected override async whileKafkaAnswers<T>(open: () => Promise<T>): Promise<T> {
    await this.#check()
    return open()
  }
}

/**
 * Asks an environment, and closes its connections.
 *
 * @param mustExist true if Kafka must have topics of the environment; false if the command can use any cluster
 * @throws CliFailure if a server cannot be used, or the environment does not exist
 */
export async function withEnvironment<T>(
  config: Config,
  use: (environment: CommandEnvironment) => Promise<T>,
  mustExist = true,
): Promise<T> {
  const environment = new CommandEnvironment(config)
  try {
    if (mustExist) await requireEnvironment(environment.connections, config)
    return await use(environment)
  } catch (error) {
    throw serverFailure(error, config)
  } finally {
    await environment.close()
  }
}
