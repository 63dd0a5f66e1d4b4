/** Opens the history of a table as the source of a replay. Its records are in order of time, each partition in its own order. */
import { rowsIn } from '../../history/compaction.ts'
import { missingRanges, type OffsetRange, type Slice } from '../../history/coverage.ts'
import { isErasedRow } from '../../history/erased.ts'
import { DamagedObject, decodeColumns, decodeRows } from '../../history/parquet.ts'
import { damaged, type HistoryQuery, objectBytes, slicesOf } from '../../history/read.ts'
import { recordOf } from '../../history/row.ts'
import type { HistoryStore } from '../../history/store.ts'
import { OperationFailure } from '../failure.ts'
import { merged } from './merge.ts'
import { fromLog, type Recorded } from './recorded.ts'
import type { Source } from './source.ts'

/** Maximum number of rows of a partition in memory. */
const BATCH = 5_000

/** Range that the archiver has not written, because the log no longer had it. */
interface MissingRange extends OffsetRange {
  readonly topic: string
  readonly partition: number
}

/** Source that reads from the history. */
export interface HistorySource extends Source {
  readonly missing: readonly MissingRange[]
}

/**
 * Opens the history of a table. Rows that were erased are omitted.
 *
 * @param name name of the source in messages
 * @throws OperationFailure if the history has no objects of this time; HistoryFailure if it cannot be read
 */
export async function historySource(
  name: string,
  store: HistoryStore,
  query: Pick<HistoryQuery, 'table' | 'sinceMs' | 'untilMs'>,
  stop: AbortSignal,
): Promise<HistorySource> {
  const partitions = await slicesOf(store, query)
  if (partitions.length === 0)
    throw new OperationFailure(`${name}: ${store.name} has no objects of ${query.table} in this time.`)
  return {
    name,
    isRepeatable: true,
    // The number of offsets identifies the source for --resume. Sizes of objects change when they are compacted.
    bytes: partitions.reduce((sum, { slices }) => sum + rowsIn(slices), 0),
    missing: partitions.flatMap(({ topic, partition, slices }) =>
      missingRanges(slices).map(range => ({ topic, partition, ...range })),
    ),
    async *read() {
      let line = 0
      for await (const group of merged(partitions.map(one => recordedIn(store, one.slices, query, stop))))
        yield group.map(item => {
          line += 1
          return { ...item, line }
        })
    },
  }
}

async function* recordedIn(
  store: HistoryStore,
  slices: readonly Slice[],
  { sinceMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY }: Partial<HistoryQuery>,
  stop: AbortSignal,
): AsyncGenerator<readonly Recorded[]> {
  for (const { object, fromOffset, toOffset } of slices) {
    stop.throwIfAborted()
    const bytes = await objectBytes(store, object.key)
    const isWanted = (offset: number, timestampMs: number) =>
      offset >= fromOffset && offset <= toOffset && timestampMs >= sinceMs && timestampMs < untilMs
    try {
      const { rows, values } = await decodeColumns(bytes, { names: ['offset', 'timestamp'] })
      const { offset = [], timestamp = [] } = values as Record<string, readonly number[]>
      const wanted = Array.from({ length: rows }, (_, row) =>
        isWanted(offset[row] ?? -1, timestamp[row] ?? 0),
      )
      const end = wanted.lastIndexOf(true) + 1
      for (let fromRow = wanted.indexOf(true); fromRow >= 0 && fromRow < end; fromRow += BATCH) {
        const toRow = Math.min(fromRow + BATCH, end)
        const batch = await decodeRows(object.table, bytes, { fromRow, toRow })
        yield batch
          .filter(row => isWanted(row.offset, row.timestampMs) && !isErasedRow(row))
          .map(row => fromLog(recordOf(row), 0))
      }
    } catch (error) {
      throw error instanceof DamagedObject ? damaged(store, object.key, error) : error
    }
  }
}
