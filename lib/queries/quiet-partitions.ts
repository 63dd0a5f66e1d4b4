/**
 * Finds the partitions whose last records wait to be archived. The last segment of a partition is complete only when a later record
 * exists, so a topic without ticks needs one after its last records.
 */
import { isFailure } from '../../packages/runtime/cloudevents/event.ts'
import { readEvent } from '../../packages/runtime/cloudevents/reader.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import type { LogBounds, LogReader } from '../../packages/runtime/pipeline/ports.ts'
import { objectsOf } from '../history/read.ts'
import type { HistoryStore } from '../history/store.ts'
import type { HistoryTable } from '../history/tables.ts'
import { TICK_TYPE } from '../telemetry/tick.ts'
import { boundsIfThere } from './topics.ts'

/** Time in milliseconds without a record after which a partition is quiet. It is the maximum time span of a part. */
const QUIET_AFTER_MS = 10 * 60_000

/** Number of offsets that are searched for the last record. The last offsets can belong to transaction markers. */
const LAST_OFFSETS = 20

interface Sources {
  readonly bounds: LogBounds
  readonly log: LogReader
  readonly store: HistoryStore
}

export interface QuietPartition {
  readonly topic: string
  readonly partition: number
}

/**
 * Returns the partitions whose last record is older than `QUIET_AFTER_MS`, is not archived, and is not a tick. After a tick, a
 * partition is therefore not returned until it has another record.
 *
 * @throws Unavailable if Kafka does not answer; HistoryUnavailable if the store cannot be used
 */
export async function quietPartitions(
  { bounds, log, store }: Sources,
  table: HistoryTable,
  topics: readonly string[],
  nowMs: number,
): Promise<QuietPartition[]> {
  const quiet: QuietPartition[] = []
  for (const topic of topics) {
    const last: LogRecord[] = []
    for (const [partition, range] of ((await boundsIfThere(bounds, topic)) ?? []).entries()) {
      const record = await lastRecord(log, topic, partition, range)
      if (record && nowMs - record.timestampMs >= QUIET_AFTER_MS && !isTick(record)) last.push(record)
    }
    if (last.length === 0) continue
    const archived = await objectsOf(store, { table, topics: [topic] })
    const isArchived = ({ partition, offset }: LogRecord) =>
      archived.some(one => one.partition === partition && one.lastOffset >= offset)
    quiet.push(...last.filter(record => !isArchived(record)).map(({ partition }) => ({ topic, partition })))
  }
  return quiet
}

async function lastRecord(
  log: LogReader,
  topic: string,
  partition: number,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<LogRecord | undefined> {
  let last: LogRecord | undefined
  for (let at = Math.max(start, end - LAST_OFFSETS); at < end; ) {
    const { records, nextOffset } = await log.read(topic, partition, { fromOffset: at, toOffset: end - 1 })
    last = records.findLast(({ offset }) => offset < end) ?? last
    at = nextOffset
  }
  log.leave?.(topic, partition)
  return last
}

function isTick(record: LogRecord): boolean {
  const event = readEvent(record)
  return !isFailure(event) && event.type === TICK_TYPE
}
