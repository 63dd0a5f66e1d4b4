/** Opens the history of a table as the source of a replay. Its records are in order of time, each partition in its own order. */
import { missingRanges, type PartitionRange, type Slice } from '../../history/coverage.ts'
import { type HistoryQuery, rowsOfSlice, slicesOf } from '../../history/read.ts'
import { recordOf } from '../../history/row.ts'
import type { HistoryStore } from '../../history/store.ts'
import { OperationFailure } from '../failure.ts'
import { merged } from './merge.ts'
import { fromLog, type Recorded } from './recorded.ts'
import type { Source } from './source.ts'

/** Maximum number of rows of a partition in memory. */
const BATCH = 5_000

/** Source that reads from the history. */
export interface HistorySource extends Source {
  /** Ranges that the archiver has not written, because the log no longer had them. */
  readonly missing: readonly PartitionRange[]
}

/**
 * Opens the history of a table.
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
    // The number of offsets identifies the source for --resume.
    bytes: partitions
      .flatMap(({ slices }) => slices)
      .reduce((sum, { fromOffset, toOffset }) => sum + toOffset - fromOffset + 1, 0),
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
  for (const slice of slices)
    for await (const rows of rowsOfSlice(store, slice, BATCH)) {
      stop.throwIfAborted()
      const wanted = rows.filter(row => row.timestampMs >= sinceMs && row.timestampMs < untilMs)
      yield wanted.map(row => fromLog(recordOf(row), 0))
    }
}
