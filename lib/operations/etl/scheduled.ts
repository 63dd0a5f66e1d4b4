/** Implements the scheduled function `etl`. */
import { secretOf } from '../../../packages/runtime/adapters/aws/clients.ts'
import { writeEvent } from '../../../packages/runtime/cloudevents/writer.ts'
import type { KafkaConnections } from '../../../packages/runtime/lambda/kafka-connections.ts'
import type { Scheduled } from '../../../packages/runtime/lambda/scheduled.ts'
import type { PartOf } from '../../../packages/runtime/settings/slice.ts'
import { type HistorySettings, historyStore } from '../../app/history.ts'
import type { WAREHOUSE } from '../../app/settings/history.ts'
import type { GeneralSettings } from '../../app/settings/index.ts'
import { topicName } from '../../app/topics.ts'
import { etlCompleted } from './announce.ts'
import { type EtlRun, runEtl } from './run.ts'
import { warehouseAt } from './warehouse.ts'

type Settings = HistorySettings & GeneralSettings & PartOf<typeof WAREHOUSE>

/** Returns the function that publishes the event of a run. */
export function announcing(
  { publisher }: Pick<KafkaConnections, 'publisher'>,
  { env, contentMode }: Pick<Settings, 'env' | 'contentMode'>,
): EtlRun['announce'] {
  return async (run, scheduledFor) => {
    const event = etlCompleted(run, scheduledFor)
    const record = { topic: topicName('etl', env), key: Buffer.from(run.target) }
    await (await publisher()).publish([{ ...record, ...writeEvent(event, contentMode) }])
  }
}

/** Returns the address of the database. @throws Error if none is set, or the secret has none */
async function urlOf({ warehouseUrl, warehouseSecret }: Settings): Promise<string> {
  if (warehouseUrl !== undefined) return warehouseUrl
  if (warehouseSecret === undefined) throw new Error('set WAREHOUSE_SECRET or WAREHOUSE_URL to a database')
  const { url } = await secretOf(warehouseSecret)
  if (typeof url === 'string') return url
  throw new Error(
    `the secret ${warehouseSecret} has no "url": set it to postgres://user:password@host/database`,
  )
}

/**
 * Loads new records into the warehouse.
 *
 * @throws WarehouseFailure, HistoryUnavailable or Unavailable, after which the next run continues
 */
export async function runScheduledEtl(scheduled: Scheduled<KafkaConnections, Settings>): Promise<object> {
  const { config, connections, scheduledFor, remainingMs, telemetry } = scheduled
  const target = await warehouseAt(await urlOf(config))
  const store = await historyStore(config)
  const announce = announcing(connections, config)
  try {
    const result = await runEtl({ store, target, remainingMs, nowMs: Date.now, scheduledFor, announce })
    const { missing, reason, ranges: _, ...counts } = result
    for (const range of missing)
      telemetry.warn('history lacks offsets', { kind: 'history-missing', ...range })
    if (reason !== undefined) throw new Error(reason)
    return { ...counts, missing: missing.length }
  } finally {
    await target.close()
    store.close?.()
  }
}
