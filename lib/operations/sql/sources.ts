/** Opens the history and the topics of an environment for SQL. */
import type { AwsPlace } from '#runtime/adapters/aws/clients.ts'
import { isUnknownTopic } from '#runtime/adapters/kafka/errors.ts'
import { TopicOffsets } from '#runtime/adapters/kafka/offsets.ts'
import type { Connections } from '#runtime/lambda/connections.ts'
import { once } from '#runtime/lambda/once.ts'
import type { Config } from '../../app/config.ts'
import { dataReader } from '../../app/data-reader.ts'
import { historyAt } from '../../app/history.ts'
import { topicName } from '../../app/topics.ts'
import { type HistoryStore, HistoryUnavailable } from '../../history/store.ts'
import { signalOfTable } from '../../history/tables.ts'
import { topicReach } from '../../queries/kafka/topics.ts'
import type { SqlSources } from './load.ts'

/** Servers of an environment. */
export interface SqlServers {
  readonly config: Config
  readonly connections: Pick<Connections, 'kafka' | 'log' | 'kept'>
  readonly aws: AwsPlace
}

/**
 * Returns the sources of an environment. Without a usable bucket, the topics are the only source.
 *
 * @param notice receives a sentence if the bucket cannot be used
 */
export async function sqlSources(
  { config, connections, aws }: SqlServers,
  notice: (sentence: string) => void,
): Promise<SqlSources> {
  const offsets = once(async () => connections.kept(new TopicOffsets(await connections.kafka())))
  return {
    store: await usableStore(config, aws, notice),
    topics: table => [topicName(signalOfTable(table), config.env)],
    reach: async (topic, timeMs) => {
      try {
        return await topicReach(await offsets(), topic, timeMs)
      } catch (error) {
        if (isUnknownTopic(error)) return undefined
        throw error
      }
    },
    log: () => connections.log(),
    reader: dataReader(config),
  }
}

async function usableStore(
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
