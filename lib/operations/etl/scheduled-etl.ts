/** Implements the scheduled function `etl`. */
import { readSecret } from '#runtime/adapters/aws/secrets-and-parameters.ts'
import type { SlicePart } from '#runtime/settings/index.ts'
import { type HistorySettings, historyStore } from '../../app/history-store.ts'
import type { HISTORY, WAREHOUSE } from '../../app/settings/history.ts'
import type { StandaloneRun } from '../../app/standalone-function.ts'
import { openWarehouse, runEtl } from './run-etl.ts'

type Settings = HistorySettings & SlicePart<typeof WAREHOUSE>

/** Returns the address of the database. @throws Error if none is set, or the secret has none */
async function resolveWarehouseUrl({ warehouseUrl, warehouseSecret }: Settings): Promise<string> {
  if (warehouseUrl !== undefined) return warehouseUrl
  if (warehouseSecret === undefined) throw new Error('set WAREHOUSE_SECRET or WAREHOUSE_URL to a database')
  const { url } = await readSecret(warehouseSecret)
  if (typeof url === 'string') return url
  throw new Error(
    `the secret ${warehouseSecret} has no "url": set it to postgres://user:password@host/database`,
  )
}

/**
 * Loads new records into the warehouse.
 *
 * @throws WarehouseFailure or HistoryUnavailable, after which the next run continues
 */
export async function runScheduledEtl(
  scheduled: StandaloneRun<[typeof HISTORY, typeof WAREHOUSE]>,
): Promise<object> {
  const { config, remainingMs, telemetry } = scheduled
  const target = await openWarehouse(await resolveWarehouseUrl(config))
  const store = await historyStore(config)
  try {
    const result = await runEtl({ store, target, remainingMs, nowMs: Date.now })
    const { missing, reason, ...counts } = result
    for (const range of missing)
      telemetry.warn('history lacks offsets', { kind: 'history-missing', ...range })
    if (reason !== undefined) throw new Error(reason)
    return { ...counts, missing: missing.length }
  } finally {
    await target.close()
    store.close?.()
  }
}
