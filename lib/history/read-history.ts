/** Reads the history of a table, partition after partition in the order of the offsets, each record once. */

import { DAY_MS } from '../support/duration.ts'
import type { Families } from '../telemetry/families.ts'
import { coverage, type Slice } from './coverage.ts'
import { formatDay, formatDayFolder, formatFolder, type HistoryObject, parseObjectKey } from './object-key.ts'
import { columnGroups, DamagedObject, type ReadColumns, rowsFrom } from './parquet.ts'
import type { HistoryRow } from './row.ts'
import { type HistoryStore, HistoryUnavailable } from './store.ts'
import type { HistoryTable } from './tables.ts'

/** Records to read. An absent member does not restrict. */
export interface HistoryQuery {
  readonly table: HistoryTable
  /** Kafka names of topics. */
  readonly topics?: readonly string[]
  /** Earliest timestamp of the records, in milliseconds since the epoch. */
  readonly sinceMs?: number
}

/** Objects of a partition, as slices in ascending order of offset. */
export interface PartitionSlices {
  readonly topic: string
  readonly partition: number
  readonly slices: readonly Slice[]
}

/** Returns whether an object can have rows of a period. Its last rows can belong to the day after its own. */
export function isWithin(
  { day }: Pick<HistoryObject, 'day'>,
  { sinceMs, untilMs }: { readonly sinceMs?: number | undefined; readonly untilMs?: number | undefined },
): boolean {
  const isBefore = sinceMs !== undefined && day < formatDay(sinceMs - DAY_MS)
  return !isBefore && (untilMs === undefined || day <= formatDay(untilMs))
}

/** Returns the objects of a table. Other objects are ignored. */
export async function listObjects(store: HistoryStore, query: HistoryQuery): Promise<HistoryObject[]> {
  const { table, topics, sinceMs } = query
  const found: HistoryObject[] = []
  for (const topic of topics ?? [undefined]) {
    // Skips the days before the period. Without a topic, its days are among those of other topics.
    const from =
      topic !== undefined && sinceMs !== undefined ? { topic, day: formatDay(sinceMs - DAY_MS) } : undefined
    const after = from && formatDayFolder(table, from.topic, from.day)
    for await (const key of store.list(formatFolder(table, topic), after)) {
      const range = parseObjectKey(key)
      if (range && isWithin(range, query)) found.push({ ...range, key })
    }
  }
  return found
}

/** Returns the slices of each partition of a table, sorted by topic and partition. */
export async function listSlices(store: HistoryStore, query: HistoryQuery): Promise<PartitionSlices[]> {
  const groups = Map.groupBy(
    await listObjects(store, query),
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
 * Yields the rows of a slice in groups.
 *
 * @param convert converts the columns of a group
 * @throws DamagedObject if the object cannot be read; the message names its key
 * @throws HistoryUnavailable if the object is gone, or the store cannot be used
 */
export async function* groupsOfSlice<T>(
  store: HistoryStore,
  { object, fromOffset, toOffset }: Slice,
  convert: (columns: ReadColumns) => T,
): AsyncGenerator<T> {
  const bytes = await objectBytes(store, object.key)
  try {
    for await (const columns of columnGroups(bytes, { fromOffset, toOffset })) yield convert(columns)
  } catch (error) {
    throw error instanceof DamagedObject ? createDamagedError(store, object.key, error) : error
  }
}

/** Yields the rows of a slice in groups. @throws see `groupsOfSlice` */
export function rowsOfSlice(
  families: Families,
  store: HistoryStore,
  slice: Slice,
): AsyncGenerator<HistoryRow[]> {
  return groupsOfSlice(store, slice, columns => rowsFrom(families, slice.object.table, columns))
}

/** Returns the contents of an object. @throws HistoryUnavailable if it was removed since it was listed */
export async function objectBytes(store: HistoryStore, key: string): Promise<Buffer> {
  const bytes = await store.get(key)
  if (!bytes)
    throw new HistoryUnavailable(`${store.name}: ${key} was removed while the history was read: try again`)
  return bytes
}

/** Returns the error for a damaged object, with its key and what to do. */
export function createDamagedError(store: HistoryStore, key: string, { message }: Error): DamagedObject {
  return new DamagedObject(
    `${store.name}/${key} is damaged: ${message}. Restore it from a copy, or move it away: its offsets are then a missing range`,
  )
}
