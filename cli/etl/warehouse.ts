/** Opens the history and the warehouse for the `etl` commands. */
import type { Config } from '../../lib/app/config.ts'
import type { HistoryStore } from '../../lib/history/store.ts'
import { HistoryUnavailable } from '../../lib/history/store.ts'
import { warehouseAt } from '../../lib/operations/etl/warehouse.ts'
import { WarehouseFailure, type WarehouseTarget } from '../../lib/warehouse/target.ts'
import { environmentOf } from '../connections.ts'
import { CliFailure } from '../failure.ts'
import { awsPlace } from '../send-test/aws-place.ts'
import { pathIn, type Terminal } from '../terminal.ts'

interface Places {
  readonly store: HistoryStore
  readonly target: WarehouseTarget
}

/** Runs `work` with the history and the warehouse. @throws CliFailure if one of them cannot be used */
export async function withWarehouse<T>(
  config: Config,
  terminal: Terminal,
  work: (places: Places) => Promise<T>,
): Promise<T> {
  const { env, warehouseUrl: url } = config
  const aws = awsPlace(environmentOf(terminal, env))
  // A local cloud has the bucket that `npm start` creates.
  const bucket = config.historyBucket ?? (aws.endpoint === undefined ? undefined : `sluice-history-${env}`)
  if (bucket === undefined) throw new CliFailure('Set HISTORY_BUCKET to the bucket of the history.')
  const { S3HistoryStore } = await import('../../lib/app/aws/history-bucket.ts')
  const store = new S3HistoryStore({ bucket, pathStyle: aws.endpoint !== undefined }, aws)
  const file = url?.startsWith('sqlite:') ? `sqlite:${pathIn(terminal, url.slice('sqlite:'.length))}` : url
  try {
    const target = await warehouseAt(file, store)
    return await work({ store, target }).finally(() => target.close())
  } catch (error) {
    throw error instanceof WarehouseFailure || error instanceof HistoryUnavailable
      ? new CliFailure(error.message, 1, { cause: error })
      : error
  } finally {
    store.close()
  }
}
