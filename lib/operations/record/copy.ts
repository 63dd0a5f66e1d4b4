/** Copies the records of ranges into a file, resumably. */

import type { LogRecord } from '../../../packages/runtime/cloudevents/record.ts'
import type { DataReader, LogReader } from '../../../packages/runtime/pipeline/ports.ts'
import { plainEvent } from '../../queries/plain-event.ts'
import type { Filter } from '../../queries/record-filter.ts'
import { recordView } from '../../queries/record-view.ts'
import { recordedLine } from '../../queries/recorded-line.ts'
import { readRecords } from '../../queries/records.ts'
import type { RecordingPosition } from './position.ts'

/** Where the lines go, see `RecordingFile`. */
export interface Target {
  readonly isFull: boolean
  add(line: string): void
  flush(standing: Omit<RecordingPosition, 'bytes'>): Promise<void>
}

export type CopyProgress = Omit<RecordingPosition, 'bytes'>

/**
 * Records what the ranges still have, in the order of time. Whatever ends it, the target holds whole lines, and knows how far they
 * reach.
 *
 * @param standing is counted up
 * @param reader lets filters see data of any format; by default, they see JSON alone
 * @throws see `readRecords`
 */
export async function copy(
  log: LogReader,
  standing: CopyProgress,
  filters: readonly Filter[],
  target: Target,
  stop: AbortSignal,
  reader?: DataReader,
): Promise<void> {
  const byPartition = new Map(standing.ranges.map(range => [range.partition, range]))
  const open = standing.ranges.map(({ partition, next, end }) => {
    return { topic: standing.topic, partition, start: next, end }
  })
  const onExpired = ({ start, end }: { start: number; end: number }) => {
    standing.expired += end - start
  }
  try {
    for await (const record of readRecords(log, open, onExpired)) {
      if (stop.aborted) return
      const range = byPartition.get(record.partition)
      if (range) range.next = record.offset + 1
      await take(record, standing, filters, target, reader)
      if (target.isFull) await target.flush(standing)
    }
    // Behind the last record there can be markers of transactions.
    for (const range of standing.ranges) range.next = range.end
  } finally {
    await target.flush(standing)
  }
}

async function take(
  record: LogRecord,
  standing: CopyProgress,
  filters: readonly Filter[],
  target: Target,
  reader: DataReader | undefined,
): Promise<void> {
  standing.read++
  if (filters.length > 0) {
    const view = recordView(record, reader && (await plainEvent(record, reader)))
    if (!filters.every(fits => fits(view))) return
  }
  standing.recorded++
  if (record.oversizeBytes !== undefined) standing.oversize++
  target.add(recordedLine(record))
}
