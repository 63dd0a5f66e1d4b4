/** Reads the history of a table, partition after partition in the order of the offsets, each record once. */
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import { coverage, type Slice } from './coverage.ts'
import { dayOf, folderOf, type HistoryObject, LEVELS, parseObjectKey } from './object-key.ts'
import { DamagedObject, decodeRows } from './parquet.ts'
import { type HistoryRow, recordOf } from './row.ts'
import { type HistoryStore, HistoryUnavailable } from './store.ts'
import type { HistoryTable } from './tables.ts'

const DAY_MS = 86_400_000

/** Records to read. Absent bounds do not restrict. */
export interface HistoryQuery {
  readonly table: HistoryTable
  /** Kafka names of topics. */
  readonly topics?: readonly string[]
  readonly partitions?: readonly number[]
  /** Bounds of the records' timestamps in milliseconds since the epoch; `untilMs` is excluded. */
  readonly sinceMs?: number
  readonly untilMs?: number
  /** First offset to read in each partition. */
  readonly fromOffset?: number
}

/** Objects of a partition, as slices in ascending order of offset. */
export interface PartitionSlices {
  readonly topic: string
  readonly partition: number
  readonly slices: readonly Slice[]
}

/** Returns the objects of a table. Keys of foreign objects are passed to `foreign`. */
export async function objectsOf(
  store: HistoryStore,
  { table, topics, partitions, sinceMs, untilMs, fromOffset = 0 }: HistoryQuery,
  foreign: (key: string) => void = () => {},
): Promise<HistoryObject[]> {
  // The last rows of an object can belong to the day after its own.
  const firstDay = sinceMs === undefined ? '' : dayOf(sinceMs - DAY_MS)
  const lastDay = untilMs === undefined ? '~' : dayOf(untilMs)
  const found: HistoryObject[] = []
  for (const level of LEVELS)
    for (const topic of topics ?? [undefined])
      for await (const stored of store.list(folderOf(table, level, topic))) {
        const range = parseObjectKey(stored.key)
        if (!range) foreign(stored.key)
        else if (
          range.day >= firstDay &&
          range.day <= lastDay &&
          range.lastOffset >= fromOffset &&
          (partitions === undefined || partitions.includes(range.partition))
        )
          found.push({ ...range, ...stored })
      }
  return found
}

/** Returns the slices of each partition of a table, sorted by topic and partition. */
export async function slicesOf(store: HistoryStore, query: HistoryQuery): Promise<PartitionSlices[]> {
  const groups = Map.groupBy(
    await objectsOf(store, query),
    ({ topic, partition }) => `${topic}/${String(partition).padStart(6, '0')}`,
  )
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, objects]) => {
      const [{ topic, partition }] = objects as [HistoryObject]
      return { topic, partition, slices: coverage(objects) }
    })
}

/**
 * Yields the rows of a slice.
 *
 * @throws DamagedObject if the object cannot be read; the message names its key
 * @throws HistoryUnavailable if the object is gone, or the store cannot be used
 */
export async function rowsOfSlice(
  store: HistoryStore,
  { object, fromOffset, toOffset }: Slice,
): Promise<HistoryRow[]> {
  const bytes = await objectBytes(store, object.key)
  const rows = await decodeRows(object.table, bytes).catch(error => {
    throw error instanceof DamagedObject ? damaged(store, object.key, error) : error
  })
  return rows.filter(({ offset }) => offset >= fromOffset && offset <= toOffset)
}

/** Returns the contents of an object. @throws HistoryUnavailable if it was removed since it was listed */
export async function objectBytes(store: HistoryStore, key: string): Promise<Buffer> {
  const bytes = await store.get(key)
  if (!bytes)
    throw new HistoryUnavailable(`${store.name}: ${key} was removed while the history was read: try again`)
  return bytes
}

/** Returns the error for a damaged object, with its key and what to do. */
export function damaged(store: HistoryStore, key: string, { message }: Error): DamagedObject {
  return new DamagedObject(
    `${store.name}/${key} is damaged: ${message}. Restore it from a copy, or move it away: its offsets are then a missing range`,
  )
}

/**
 * Yields the rows of a table, in batches of one object, partition after partition.
 *
 * @throws see `rowsOfSlice`
 */
export async function* historyRows(store: HistoryStore, query: HistoryQuery): AsyncGenerator<HistoryRow[]> {
  const { sinceMs = -Infinity, untilMs = Infinity, fromOffset = 0 } = query
  for (const { slices } of await slicesOf(store, query))
    for (const slice of slices) {
      const rows = (await rowsOfSlice(store, slice)).filter(
        ({ offset, timestampMs }) => offset >= fromOffset && timestampMs >= sinceMs && timestampMs < untilMs,
      )
      if (rows.length > 0) yield rows
    }
}

/** Yields the records of a table in the same order as `historyRows`. */
export async function* historyRecords(store: HistoryStore, query: HistoryQuery): AsyncGenerator<LogRecord[]> {
  for await (const rows of historyRows(store, query)) yield rows.map(recordOf)
}
