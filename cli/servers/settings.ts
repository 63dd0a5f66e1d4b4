/** Resolves the settings of a command: variables, options, and the addresses of a running stack. */

import type { Environment } from '#runtime/settings'
import { type Config, localEnvironment, readConfig } from '../../control/environment/config.ts'
import { StackNotFound, stackEnvironment } from '../../scripts/stack-environment.ts'
import { CliFailure } from '../failure.ts'
import type { Terminal } from '../terminal.ts'

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
export function resolveEnvironment(terminal: Terminal, env: string | undefined): Environment {
  const { environment, withKafkaOptions = same => same } = terminal
  // Apply the Kafka options twice: before, so that they work without a stack, and after, because they take precedence over a
  // selected stack.
  const reaching = withKafkaOptions(addStack(withKafkaOptions(environment), terminal))
  return localEnvironment(env === undefined ? reaching : { ...reaching, SLUICE_ENV: env })
}

/** Returns the variables with the addresses of the selected stack. @throws CliFailure if the requested stack does not run */
export function addStack(
  environment: Environment,
  { stack, stacksDir }: Pick<Terminal, 'stack' | 'stacksDir'>,
): Environment {
  try {
    return stackEnvironment(environment, stack, stacksDir)
  } catch (error) {
    throw error instanceof StackNotFound ? new CliFailure(error.message) : error
  }
}
