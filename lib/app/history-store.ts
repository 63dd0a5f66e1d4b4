/** Opens the history of an environment. */
import { ConfigError } from '../../packages/runtime/settings/config-error.ts'
import type { PartsOf } from '../../packages/runtime/settings/environment.ts'
import type { HistoryStore } from '../history/store.ts'
import type { HISTORY } from './settings/history.ts'
import type { CheckpointSettings } from './settings/index.ts'

export type HistorySettings = PartsOf<readonly [typeof HISTORY]> & Pick<CheckpointSettings, 'pathStyle'>

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
  const { S3HistoryStore } = await import('./aws/history-bucket.ts')
  return new S3HistoryStore({ bucket: historyBucket, pathStyle: pathStyle ?? false })
}
