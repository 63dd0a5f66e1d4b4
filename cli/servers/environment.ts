/** Opens the environment that a command uses, and converts errors to messages for users. */
import { randomUUID } from 'node:crypto'
import { within } from '#runtime/waiting'
import { describeKafka } from '../../control/diagnosis/server-standards.ts'
import type { Config } from '../../control/environment/config.ts'
import { readFunctions } from '../../control/environment/function-entries.ts'
import type { DeclaredFunction } from '../../control/environment/functions.ts'
import { serverFailure } from '../../control/operations/server-failure.ts'
import { Environment } from '../../control/questions/environment.ts'
import { listStateKeys } from '../../control/tables/table.ts'
import { CliFailure } from '../failure.ts'

/**
 * Runs work with an environment, and closes its connections.
 *
 * @param mustExist true if Kafka must have topics of the environment; false if the command can use any cluster
 * @throws CliFailure if a server cannot be used, or the environment does not exist
 */
export async function withEnvironment<T>(
  config: Config,
  use: (environment: Environment<DeclaredFunction>) => Promise<T>,
  mustExist = true,
): Promise<T> {
  const parts = { config, functions: readFunctions(), nowMs: Date.now, newId: randomUUID }
  const environment = new Environment(parts, 'cli')
  try {
    if (mustExist) await requireEnvironment(environment)
    return await use(environment)
  } catch (error) {
    throw serverFailure(error, config)
  } finally {
    await environment.close()
  }
}

/** Time to wait for Kafka's list of topics, in milliseconds. A command that does not need Kafka is not delayed for longer. */
const LIST_WITHIN_MS = 3_000

/**
 * Checks that the environment exists: Kafka has topics of it, or Redis has states of it, as after a recorded batch. If Kafka does not
 * answer, the command continues, because it may not need Kafka.
 *
 * @throws CliFailure
 */
export async function requireEnvironment(environment: Environment): Promise<void> {
  const listed = within(LIST_WITHIN_MS, environment.topics(), () => new Error('no answer'))
  const found = await listed.catch(() => undefined)
  if (!found) return
  try {
    requireOwnTopics(found, environment.config)
  } catch (error) {
    if (!(await hasStates(environment).catch(() => false))) throw error
  }
}

async function hasStates({ functions, config, inspection }: Environment): Promise<boolean> {
  const states = await inspection()
  const keys = functions.flatMap(({ name, consumes }) =>
    consumes.flatMap(signal => listStateKeys(name, config.names.topicSize(signal, config.env))),
  )
  const summaries = await Promise.all(keys.map(key => states.summary(key)))
  return summaries.some(({ appliedOffset }) => appliedOffset >= 0)
}

/**
 * Checks that Kafka has at least one topic of the environment, so that the environment exists.
 *
 * @param topics topics of Kafka
 * @throws CliFailure
 */
export function requireOwnTopics(topics: readonly { readonly topic: string }[], config: Config): void {
  const { env } = config
  const found = config.names.listEnvironments(topics.map(({ topic }) => topic))
  if (!found || found.includes(env)) return
  const names = found.map(name => `"${name}"`).join(', ')
  const others = names && ` It has topics of ${names}: choose with --env, or set SLUICE_ENV.`
  throw new CliFailure(
    `Kafka at ${describeKafka(config).address} has no topics of the environment "${env}".${others} \`sluice topics apply --env ${env}\` creates them.`,
  )
}
