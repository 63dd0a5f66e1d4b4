/** Reads and counts the last records of a log. Ticks are not counted, because they do not belong to an entity. */

import { isFailure } from '../../../packages/runtime/cloudevents/event.ts'
import { readEvent } from '../../../packages/runtime/cloudevents/reader.ts'
import type { LogRecord } from '../../../packages/runtime/cloudevents/record.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import type { LogReader } from '../../../packages/runtime/pipeline/ports.ts'
import { TICK_TYPE } from '../../telemetry/tick.ts'

/** Maximum number of offsets to examine. A longer range cannot consist of ticks alone. */
const MAX_OFFSETS = 2_000

/**
 * Yields the records of a range in ascending order of offsets.
 *
 * @param toOffset end of the range, exclusive
 */
export async function* recordsIn(
  log: LogReader,
  topic: string,
  partition: number,
  { fromOffset, toOffset }: { readonly fromOffset: number; readonly toOffset: number },
): AsyncGenerator<LogRecord> {
  try {
    for (let at = fromOffset; at < toOffset; ) {
      const { records, nextOffset } = await log.read(topic, partition, {
        fromOffset: at,
        toOffset: toOffset - 1,
      })
      for (const record of records) if (record.offset < Math.min(nextOffset, toOffset)) yield record
      at = nextOffset
    }
  } finally {
    log.leave?.(topic, partition)
  }
}

/**
 * Returns the number of records in a range that are not ticks. If the range is too long to examine, all its offsets are counted.
 */
export async function recordsBesideTicks(
  log: LogReader,
  topic: string,
  partition: number,
  fromOffset: number,
  toOffset: number,
): Promise<number> {
  if (toOffset - fromOffset > MAX_OFFSETS) return toOffset - fromOffset
  let count = 0
  for await (const record of recordsIn(log, topic, partition, { fromOffset, toOffset }))
    if (eventIn(record)?.type !== TICK_TYPE) count += 1
  return count
}

/** Returns the event in a record; undefined if the event cannot be decoded. */
export function eventIn(record: LogRecord): Event | undefined {
  const event = readEvent(record)
  return isFailure(event) ? undefined : event
}
