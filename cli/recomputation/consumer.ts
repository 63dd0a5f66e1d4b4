/** Loads a consumer from the sources of this project, so that a command can reprocess its log. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { KafkaHandler } from '#runtime/functions/consumers'
import {
  type AnyKeyedProcess,
  type Consumer,
  keepsStates,
  readsForeignLogs,
  Unavailable,
} from '#runtime/pipeline'
import type { Environment } from '#runtime/settings'
import { readFunctions } from '../../control/environment/function-entries.ts'
import { formatEmitters } from '../../control/environment/functions.ts'
import { computeCodeVersions } from '../../infra/packaging/code-versions.ts'
import { GENERAL, NAMES, readSettings } from '../../lib/app/settings/index.ts'
import { PROJECT } from '../../scripts/paths.ts'
import { CliFailure } from '../failure.ts'

/** Settings that some consumers require. The consumers are only inspected here, so the values are not used. */
const UNUSED = {
  ALERTS_TOPIC_ARN: 'arn:aws:sns:us-east-1:000000000000:unused',
  STORAGE_URL: 'sqlite:unused',
}

/**
 * Returns the consumer.
 *
 * @throws CliFailure if the consumer does not keep state, or requires a schema registry that does not answer
 * @throws ConfigError if a setting is missing or invalid
 */
export async function loadConsumer(
  name: string,
  environment: Environment,
): Promise<Consumer<AnyKeyedProcess>> {
  const consumer = await loadAnyConsumer(name, environment)
  if (keepsStates(consumer) && !readsForeignLogs(consumer)) return consumer as Consumer<AnyKeyedProcess>
  throw new CliFailure(
    `${name} keeps no states of entities, so there is nothing to recompute. To send records again, use \`sluice replay\`.`,
  )
}

/** Returns a consumer of any kind, even if it does not keep state. */
export async function loadAnyConsumer(name: string, environment: Environment): Promise<Consumer> {
  const resolveFolder = (variable: string, otherwise: string) =>
    resolve(PROJECT, environment[variable]?.trim() || otherwise)
  const { handler } = (await import(pathToFileURL(resolve(PROJECT, getEntryPath(name))).href)) as {
    handler: KafkaHandler
  }
  const consumer = handler.consumer({
    ...environment,
    ...UNUSED,
    RULES_DIR: resolveFolder('RULES_DIR', 'config/rules'),
    NOTIFICATIONS_DIR: resolveFolder('NOTIFICATIONS_DIR', 'config/notifications'),
    EMITTERS: formatEmitters(name, readFunctions(), readSettings([GENERAL, NAMES], environment)),
  })
  return consumer.catch(error => {
    if (!(error instanceof Unavailable)) throw error
    throw new CliFailure(`Nothing was computed: ${error.message}`, 1, { cause: error })
  })
}

/**
 * Returns the versions that a function reports if it was built from the current sources.
 *
 * @throws CliFailure if the sources cannot be bundled
 */
export async function computeVersions(name: string): Promise<ReadonlySet<string>> {
  try {
    return await computeCodeVersions(getEntryPath(name), PROJECT)
  } catch (error) {
    throw new CliFailure(
      `The code of ${name} cannot be bundled, so its version is unknown:\n${(error as Error).message}`,
      1,
      {
        cause: error,
      },
    )
  }
}

function getEntryPath(name: string): string {
  return `functions/${name}/handler.ts`
}
