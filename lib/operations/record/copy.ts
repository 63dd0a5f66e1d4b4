/** Copies the records of offset ranges to a file. An interrupted copy can be resumed. */

import type { LogRecord } from '../../../packages/runtime/cloudevents/record.ts'
import type { DataReader, LogReader } from '../../../packages/runtime/pipeline/ports.ts'
import { plainEvent } from '../../queries/plain-event.ts'
import type { Filter } from '../../queries/record-filter.ts'
import { recordView } from '../../queries/record-view.ts'
import { recordedLine } from '../../queries/recorded-line.ts'
import { readRecords } from '../../queries/records.ts'
import type { RecordingPosition } from './position.ts'

/** File to which the lines are written, see `RecordingFile`. */
export interface Target {
  readonly isFull: boolean
  add(line: string): void
  flush(standing: Omit<RecordingPosition, 'bytes'>): Promise<void>
}

export type CopyProgress = Omit<RecordingPosition, 'bytes'>

/**
 * Copies the remaining records of the ranges in order of time. Even after an error, the file contains only complete lines, and the
 * stored position is correct.
 *
 * @param standing position of the copy, which is updated
 * @param reader decoder for data of any format, used by filters. By default, filters only see JSON data.
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
    // Transaction markers can follow the last record, so the position is set to the end.
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
