/** Lists messages of a topic from either end, from an offset, or from a time, within limits. */

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
  /** Number of partitions of the topic. */
  readonly partitions: number
  /** Number of offsets that Kafka retains, summed over all partitions. */
  readonly held: number
  readonly messages: readonly MessageRow[]
  readonly isNewestFirst: boolean
  /** Number of examined messages, including messages that are not shown. */
  readonly looked: number
  /** Number of examined ticks and rule sets that are hidden. */
  readonly hidden: number
  /** Reason why the search ended. After `limit`, the topic may contain more matching messages. */
  readonly endedBy: FoundRecords<unknown>['endedBy']
  /** Append time of the last examined message. */
  readonly reached: string | null
  /** Cursor of the next page; null at the end. */
  readonly cursor: string | null
  /** Number of offsets that cannot be read yet, because a transaction is open. */
  readonly behindTransactions: number
  /** Number of messages that a live view has skipped because it could not keep up. */
  readonly skipped: number
}

/** Ports for reading messages. */
export interface MessagePorts {
  readonly log: LogReader
  readonly offsets: Pick<TopicOffsets, 'bounds' | 'at'>
  /** Returns the high watermark of each partition, which includes records of open transactions; undefined where unknown. */
  readonly highWatermarks: (topic: string) => Promise<readonly (number | undefined)[]>
  readonly reader: DataReader
  readonly nowMs: () => number
}

/** Limits of one query. */
export interface Most {
  readonly records: number
  readonly bytes: number
  readonly ms: number
}

const MOST: Most = { records: 100_000, bytes: 64 * 1024 * 1024, ms: 5_000 }

/** Lists messages. Throws the errors of `beginningOf`, `findRecords`, `RecordFilter` and the ports. */
export async function listedMessages(query: MessagesQuery, ports: MessagePorts): Promise<MessageList> {
  const wanted = new RecordFilter(query, ports.reader)
  // Read the high watermarks before the readable ends. In the other order, records that are written in between would seem to belong
  // to an open transaction.
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

/**
 * Returns the number of offsets that cannot be read because of open transactions. Pure.
 *
 * @param only partition to count; by default, all partitions
 */
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
