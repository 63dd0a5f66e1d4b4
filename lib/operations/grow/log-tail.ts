/** Records at the end of a log. Ticks do not count, because they belong to no entity. */

import { isFailure } from '../../../packages/runtime/cloudevents/event.ts'
import { readEvent } from '../../../packages/runtime/cloudevents/reader.ts'
import type { LogRecord } from '../../../packages/runtime/cloudevents/record.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import type { LogReader } from '../../../packages/runtime/pipeline/ports.ts'
import { TICK_TYPE } from '../../telemetry/tick.ts'

/** More offsets than this are not looked at: they are no ticks of a short while. */
const MAX_OFFSETS = 2_000

/** The records of a range, read forwards. @param toOffset the first offset after it */
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

/** How many records of the range are no ticks. Of a long range, all offsets count. */
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

/** Undefined if the record holds none that can be read. */
export function eventIn(record: LogRecord): Event | undefined {
  const event = readEvent(record)
  return isFailure(event) ? undefined : event
}
