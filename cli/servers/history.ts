/** Opens the history of an environment. */
import type { Config } from '../../lib/app/config.ts'
import { historyAt } from '../../lib/app/history-store.ts'
import type { HistoryStore } from '../../lib/history/store.ts'
import { awsPlace } from '../../scripts/aws-endpoint.ts'
import type { Terminal } from '../terminal.ts'
import { resolveEnvironment } from './settings.ts'

/** Returns the history of the environment; undefined if no bucket is configured. */
export async function findHistory(
  config: Pick<Config, 'env' | 'historyBucket'>,
  terminal: Terminal,
): Promise<HistoryStore | undefined> {
  return await historyAt(config, awsPlace(resolveEnvironment(terminal, config.env)))
}
