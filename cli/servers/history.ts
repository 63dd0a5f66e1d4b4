/** Opens the history and the log of an environment. */
import type { Config } from '../../control/environment/config.ts'
import type { RecordPlaces } from '../../control/queries/records/record-locations.ts'
import { historyAt } from '../../lib/app/connections/history-store.ts'
import { awsPlace } from '../../scripts/aws-endpoint.ts'
import type { Terminal } from '../terminal.ts'
import { withEnvironment } from './environment.ts'
import { resolveEnvironment } from './settings.ts'
import { readReach } from './topics.ts'

/**
 * Runs work with the history and the log of an environment, and closes both. Without a bucket, there is only the log.
 *
 * @throws CliFailure if a server cannot be used
 */
export async function withHistory<T>(
  config: Config,
  terminal: Terminal,
  use: (places: RecordPlaces) => Promise<T>,
): Promise<T> {
  const store = await historyAt(config, awsPlace(resolveEnvironment(terminal, config.env)))
  if (!store)
    terminal.stderr.write(
      'HISTORY_BUCKET is not set: only the records that are still in the topics are read.\n',
    )
  return withEnvironment(
    config,
    async environment => {
      const reach = (topic: string, sinceMs: number) => readReach(environment, topic, sinceMs)
      return use({ store, log: { reader: await environment.connections.log(), reach } })
    },
    false,
  ).finally(() => store?.close?.())
}
