/** Opens the history of an environment, and other places that contain its objects. */
import type { Config } from '../../lib/app/config.ts'
import { historyAt } from '../../lib/app/history.ts'
import { FolderHistoryStore } from '../../lib/history/adapters/folder-store.ts'
import type { HistoryStore } from '../../lib/history/store.ts'
import { awsPlace } from '../../programs/aws-place.ts'
import { environmentOf } from '../connections.ts'
import { CliFailure } from '../failure.ts'
import { pathIn, type Terminal } from '../terminal.ts'

/** Returns the history of the environment; undefined if no bucket is configured. */
export async function historyOf(
  config: Pick<Config, 'env' | 'historyBucket'>,
  terminal: Terminal,
): Promise<HistoryStore | undefined> {
  return await historyAt(config, awsPlace(environmentOf(terminal, config.env)))
}

/** Returns the history of the environment. @throws CliFailure if no bucket is configured */
export async function requireHistory(
  config: Pick<Config, 'env' | 'historyBucket'>,
  terminal: Terminal,
): Promise<HistoryStore> {
  const store = await historyOf(config, terminal)
  if (!store) throw new CliFailure('Set HISTORY_BUCKET to the bucket of the history.')
  return store
}

/** Opens a folder, or a place in a bucket such as `s3://bucket/prefix`. */
export async function placeOf(place: string, terminal: Terminal, env?: string): Promise<HistoryStore> {
  const [, bucket, path = ''] = /^s3:\/\/([^/]+)\/?(.*?)\/*$/.exec(place) ?? []
  if (bucket === undefined) return new FolderHistoryStore(pathIn(terminal, place))
  return await bucketAt(bucket, path && `${path}/`, awsPlace(environmentOf(terminal, env)))
}

async function bucketAt(
  bucket: string,
  prefix: string,
  aws: ReturnType<typeof awsPlace>,
): Promise<HistoryStore> {
  // The SDK is loaded on first use.
  const { S3HistoryStore } = await import('../../lib/app/aws/history-bucket.ts')
  return new S3HistoryStore({ bucket, prefix, pathStyle: aws.endpoint !== undefined }, aws)
}
