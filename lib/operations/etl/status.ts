/** How far the warehouse is behind the history. */
import { isFailure } from '../../../packages/runtime/cloudevents/event.ts'
import { readEvent } from '../../../packages/runtime/cloudevents/reader.ts'
import type { LogReader } from '../../../packages/runtime/pipeline/ports.ts'
import type { EtlCompleted } from '../../../schemas/types.ts'
import { slicesOf } from '../../history/read.ts'
import type { HistoryStore } from '../../history/store.ts'
import type { HistoryTable } from '../../history/tables.ts'
import { searchNewest } from '../../queries/newest-records.ts'
import type { Range } from '../../queries/records.ts'
import { type WarehouseTarget, watermarkOfPartition } from '../../warehouse/target.ts'
import { ETL_COMPLETED_TYPE } from './announce.ts'
import { LOADED_TABLES } from './steps.ts'

export interface PartitionStatus {
  readonly table: HistoryTable
  readonly topic: string
  readonly partition: number
  /** Next offset to load. */
  readonly nextOffset: number
  /** Number of offsets in the history above the watermark. Negative if the topic was recreated. */
  readonly behind: number
  /** Log time of the last loaded record, RFC 3339; absent if nothing was loaded. */
  readonly upTo?: string
}

/** Returns the status of each partition that is archived. */
export async function partitionStatuses(
  store: HistoryStore,
  target: Pick<WarehouseTarget, 'watermarks'>,
): Promise<PartitionStatus[]> {
  const marks = await target.watermarks()
  const found: PartitionStatus[] = []
  for (const table of LOADED_TABLES)
    for (const { topic, partition, slices } of await slicesOf(store, { table })) {
      const mark = watermarkOfPartition(marks, { table, topic, partition })
      const nextOffset = mark?.nextOffset ?? slices[0]?.fromOffset ?? 0
      const behind = (slices.at(-1)?.toOffset ?? -1) + 1 - nextOffset
      const upTo = mark ? { upTo: new Date(mark.upToMs).toISOString() } : {}
      found.push({ table, topic, partition, nextOffset, behind, ...upTo })
    }
  return found
}

/** Number of events of the topic in which the last run is searched. */
const SEARCHED = 1_000

/** Returns the last announced run that loaded a warehouse; undefined if the newest events have none. */
export async function lastRunOf(
  location: string,
  log: LogReader,
  ranges: readonly Range[],
): Promise<EtlCompleted | undefined> {
  let found: EtlCompleted | undefined
  await searchNewest(log, ranges, { mostRecords: SEARCHED }, records => {
    for (const record of records) {
      const event = readEvent(record)
      if (isFailure(event) || event.type !== ETL_COMPLETED_TYPE) continue
      const run = event.data as EtlCompleted
      if (run.location === location) found = run
    }
    return found === undefined
  })
  return found
}
