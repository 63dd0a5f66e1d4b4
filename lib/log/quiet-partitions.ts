/**
 * Finds the partitions whose last records wait to be archived. The last segment of a partition is complete only when a later record
 * exists, so a topic without ticks needs one after its last records.
 */

import { isFailure, type LogRecord, readEvent } from '#runtime/cloudevents'
import type { LogBounds, LogReader } from '#runtime/pipeline'
import { SEGMENT_SPAN_MS } from '../history/archiver.ts'
import { TICK_TYPE } from '../telemetry/tick.ts'
import { findTopicBounds } from './topic-bounds.ts'

/** Number of offsets that are searched for the last record. The last offsets can belong to transaction markers. */
const LAST_OFFSETS = 20

interface Sources {
  readonly bounds: LogBounds
  readonly log: LogReader
}

export interface QuietPartition {
  readonly topic: string
  readonly partition: number
}

/**
 * Returns the partitions whose last record is older than the span of a segment, and is not a tick. After a tick, a partition is
 * therefore not returned until it has another record.
 *
 * @throws Unavailable if Kafka does not answer
 */
export async function findQuietPartitions(
  { bounds, log }: Sources,
  topics: readonly string[],
  nowMs: number,
): Promise<QuietPartition[]> {
  const quiet: QuietPartition[] = []
  for (const topic of topics)
    for (const [partition, range] of ((await findTopicBounds(bounds, topic)) ?? []).entries()) {
      const record = await readLastRecord(log, topic, partition, range)
      if (record && nowMs - record.timestampMs >= SEGMENT_SPAN_MS && !isTick(record))
        quiet.push({ topic, partition })
    }
  return quiet
}

async function readLastRecord(
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
