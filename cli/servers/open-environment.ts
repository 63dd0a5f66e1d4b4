/** Opens the environment that a command asks, and converts errors to messages for users. */
import type { Config } from '../../lib/app/config.ts'
import { readFunctions } from '../../lib/app/function-entries.ts'
import type { DeclaredFunction } from '../../lib/app/functions.ts'
import { Environment, isOnThisMachine } from '../../lib/questions/environment.ts'
import { requireEnvironment } from './environment.ts'
import { serverFailure } from './server-errors.ts'

/**
 * Asks an environment, and closes its connections.
 *
 * @param mustExist true if Kafka must have topics of the environment; false if the command can use any cluster
 * @throws CliFailure if a server cannot be used, or the environment does not exist
 */
export async function withEnvironment<T>(
  config: Config,
  use: (environment: Environment<DeclaredFunction>) => Promise<T>,
  mustExist = true,
): Promise<T> {
  const parts = { config, functions: readFunctions(), isLocal: isOnThisMachine(config) }
  const environment = new Environment(parts, 'cli')
  try {
    if (mustExist) await requireEnvironment(environment.connections, config)
    return await use(environment)
  } catch (error) {
    throw serverFailure(error, config)
  } finally {
    await environment.close()
  }
}
