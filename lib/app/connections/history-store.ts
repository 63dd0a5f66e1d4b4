/** Opens the history of an environment, and finds the topics of its tables. */
import type { AwsPlace } from '#runtime/functions/connections'
import { type CombinedParts, ConfigError } from '#runtime/settings'
import type { HistoryStore } from '../../history/store.ts'
import { findTable, type HistoryTable } from '../../history/tables.ts'
import type { Names } from '../naming/names.ts'
import { localBuckets } from '../naming/resource-names.ts'
import type { HISTORY } from '../settings/history.ts'

export type HistorySettings = CombinedParts<readonly [typeof HISTORY]>

/**
 * Opens the bucket of the history.
 *
 * @throws ConfigError if no bucket is configured
 */
export async function historyStore({ historyBucket, pathStyle }: HistorySettings): Promise<HistoryStore> {
  if (!historyBucket)
    throw new ConfigError('the environment', [
      'HISTORY_BUCKET: must be the name of the bucket of the history',
    ])
  // The SDK is loaded on first use, so that it does not delay cold starts.
  const { S3HistoryStore } = await import('../../history/adapters/history-bucket.ts')
  return new S3HistoryStore({ bucket: historyBucket, pathStyle })
}

/**
 * Opens the bucket of the history for a person's machine; undefined if no bucket is configured.
 *
 * @param aws an emulator has the bucket that `npm start` creates
 */
export async function historyAt(
  { env, historyBucket }: Pick<HistorySettings, 'historyBucket'> & { readonly env: string },
  aws: AwsPlace,
): Promise<HistoryStore | undefined> {
  const bucket = historyBucket ?? (aws.endpoint === undefined ? undefined : localBuckets(env).history)
  if (bucket === undefined) return undefined
  const { S3HistoryStore } = await import('../../history/adapters/history-bucket.ts')
  return new S3HistoryStore({ bucket, pathStyle: aws.endpoint !== undefined }, aws)
}

/** Returns the table of the history that contains a Kafka topic, of any environment. */
export function tableOfTopic(names: Names, topic: string): HistoryTable | undefined {
  const signal = names.findSignal(topic)
  return signal && findTable(signal)
}
