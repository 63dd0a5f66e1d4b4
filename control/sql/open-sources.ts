/** Opens the history and the topics of an environment for SQL. */
import type { AwsPlace } from '#runtime/functions/connections'
import { historyAt } from '../../lib/app/connections/history-store.ts'
import { dataReader } from '../../lib/app/data/data-reader.ts'
import { loadInputSchemas } from '../../lib/app/inputs/loaded-inputs.ts'
import { getTableSignal, type HistoryStore, HistoryUnavailable } from '../../lib/history/index.ts'
import { findTopicReach } from '../../lib/log/topic-bounds.ts'
import type { Config } from '../environment/config.ts'
import type { Environment } from '../questions/environment.ts'
import type { SqlSources } from './load-table.ts'

/**
 * Returns the sources of an environment. Without a usable bucket, the topics are the only source.
 *
 * @param notice receives a sentence if the bucket cannot be used
 */
export async function openSqlSources(
  environment: Pick<Environment, 'config' | 'log' | 'offsets'>,
  aws: AwsPlace,
  notice: (sentence: string) => void,
): Promise<SqlSources> {
  const { config } = environment
  const brought = await loadInputSchemas(config)
  return {
    store: await openUsableStore(config, aws, notice),
    topics: table => [config.names.topicName(getTableSignal(table), config.env)],
    reach: async (topic, timeMs) => findTopicReach(await environment.offsets(), topic, timeMs),
    log: () => environment.log(),
    reader: dataReader(config),
    brought,
  }
}

async function openUsableStore(
  config: Config,
  aws: AwsPlace,
  notice: (sentence: string) => void,
): Promise<HistoryStore | undefined> {
  const store = await historyAt(config, aws)
  if (!store) {
    notice('HISTORY_BUCKET is not set: only the records that are still in the topics are read.')
    return undefined
  }
  try {
    for await (const _ of store.list('readings/')) break
    return store
  } catch (error) {
    store.close?.()
    if (!(error instanceof HistoryUnavailable)) throw error
    notice(`${error.message}. Only the records that are still in the topics are read.`)
    return undefined
  }
}
