/** Opens the history of an environment. */
import type { Config } from '../../lib/app/config.ts'
import type { HistoryStore } from '../../lib/history/store.ts'
import { environmentOf } from '../connections.ts'
import { CliFailure } from '../failure.ts'
import { awsPlace } from '../send-test/aws-place.ts'
import type { Terminal } from '../terminal.ts'

/** Returns the history of the environment. @throws CliFailure if no bucket is configured */
export async function requireHistory(
  { env, historyBucket }: Pick<Config, 'env' | 'historyBucket'>,
  terminal: Terminal,
): Promise<HistoryStore> {
  const aws = awsPlace(environmentOf(terminal, env))
  // A local cloud has the bucket that `npm start` creates.
  const bucket = historyBucket ?? (aws.endpoint === undefined ? undefined : `sluice-history-${env}`)
  if (bucket === undefined) throw new CliFailure('Set HISTORY_BUCKET to the bucket of the history.')
  // The SDK is loaded on first use.
  const { S3HistoryStore } = await import('../../lib/app/aws/history-bucket.ts')
  return new S3HistoryStore({ bucket, pathStyle: aws.endpoint !== undefined }, aws)
}
