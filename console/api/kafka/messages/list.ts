/** Lists messages of a topic: from either end, from an offset or a time, within limits. */

import { type FoundRecords, findRecords } from '../../../../lib/queries/find-records.ts'
import { offsetsIn } from '../../../../lib/queries/newest.ts'
import type { Range } from '../../../../lib/queries/records.ts'
import type { TopicOffsets } from '../../../../packages/runtime/adapters/kafka/offsets.ts'
import { instant } from '../../../../packages/runtime/consumer/instant.ts'
import type { DataReader, LogReader } from '../../../../packages/runtime/pipeline/ports.ts'
import type { MessagesQuery } from './query.ts'
import { beginningOf, cursorOf } from './query.ts'
import { type MessageRow, RecordFilter } from './rows.ts'

export interface MessageList {
  readonly topic: string
  /** How many the topic has. */
  readonly partitions: number
  /** Offsets that Kafka keeps now, of all partitions. */
  readonly held: number
  readonly messages: readonly MessageRow[]
  readonly isNewestFirst: boolean
  /** Messages that were looked at, whether they are shown or not. */
  readonly looked: number
  /** Ticks and rule sets among them that are not shown. */
  readonly hidden: number
  /** `limit`: there may be more messages that fit, which were not looked for. */
  readonly endedBy: FoundRecords<unknown>['endedBy']
  /** When the last message that was looked at was written. */
  readonly reached: string | null
  /** Goes on where this answer ends; null at the end. */
  readonly cursor: string | null
  /** Offsets that cannot be read before an open transaction ends: its own, and those behind it. */
  readonly behindTransactions: number
  /** Live, messages that came faster than they could be looked at. */
  readonly skipped: number
}

/** Ports for reading messages. */
export interface MessagePorts {
  readonly log: LogReader
  readonly offsets: Pick<TopicOffsets, 'bounds' | 'at'>
  /** How far each partition is written, by partition, with what open transactions hide. Undefined where it is not known. */
  readonly highWatermarks: (topic: string) => Promise<readonly (number | undefined)[]>
  readonly reader: DataReader
  readonly nowMs: () => number
}

/** Upper bounds for what one question looks at. */
export interface Most {
  readonly records: number
  readonly bytes: number
  readonly ms: number
}

const MOST: Most = { records: 100_000, bytes: 64 * 1024 * 1024, ms: 5_000 }

/** @throws as `beginningOf`, `findRecords`, `RecordFilter` and the ports do */
export async function listedMessages(query: MessagesQuery, ports: MessagePorts): Promise<MessageList> {
  const wanted = new RecordFilter(query, ports.reader)
  // Asked before the ends: what is written and committed between the two questions does not count.
  const watermarks = await ports.highWatermarks(query.topic)
  const { direction, ranges, bounds } = await beginningOf(query, ports.offsets)
  const found = await findRecords(ports.log, ranges, direction, record => wanted.row(record), {
    ...limitsOf(ports),
    wanted: query.limit,
  })
  const { looked, endedBy, reachedMs } = found
  return {
    topic: query.topic,
    partitions: bounds.length,
    held: offsetsIn(bounds),
    messages: found.found,
    isNewestFirst: direction === 'backward',
    looked,
    hidden: wanted.hidden,
    endedBy,
    reached: reachedMs === undefined ? null : instant(reachedMs),
    cursor: cursorOf(direction, found.left) ?? null,
    behindTransactions: behindTransactions(watermarks, bounds, query.partition),
    skipped: 0,
  }
}

/** @param only of this partition; by default, of all. Pure. */
export function behindTransactions(
  watermarks: readonly (number | undefined)[],
  bounds: readonly Pick<Range, 'end'>[],
  only?: number,
): number {
  return bounds.reduce((sum, { end }, partition) => {
    if (only !== undefined && partition !== only) return sum
    return sum + Math.max(0, (watermarks[partition] ?? end) - end)
  }, 0)
}

export function limitsOf({ nowMs }: Pick<MessagePorts, 'nowMs'>, { records, bytes, ms }: Most = MOST) {
  return { records, bytes, untilMs: nowMs() + ms, nowMs }
}
