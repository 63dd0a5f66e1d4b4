/**
 * Loads a table of the history into files for DuckDB: the objects of the bucket, and the records of the topics that no object
 * contains. Each offset is loaded once.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import pMap from 'p-map'
import type { DataReader, LogReader } from '#runtime/pipeline'
import {
  createDamagedError,
  DamagedObject,
  encodeRows,
  type HistoryRow,
  type HistoryStore,
  type HistoryTable,
  objectBytes,
  objectPart,
  renameColumns,
  type Slice,
  toHistoryRows,
} from '../../lib/history/index.ts'
import { type Range, readRecordGroups } from '../../lib/log/read-records.ts'
import type { TopicReach } from '../../lib/log/topic-bounds.ts'
import type { TypeSchema } from '../../lib/schemas/json-schema.ts'
import { computeSum } from '../../lib/support/count.ts'
import { OperationFailure } from '../../lib/support/operation-failure.ts'
import type { Families } from '../../lib/telemetry/index.ts'
import { listPartitions, type PartitionParts } from '../queries/records/record-locations.ts'
import type { RecordTimes } from './views.ts'

/** Places from which tables are loaded. */
export interface SqlSources {
  /** Absent if no bucket is configured, or the bucket cannot be used. */
  readonly store: HistoryStore | undefined
  /** Kafka names of the topics of a table. The first one must exist, unless the history has records of the table. */
  readonly topics: (table: HistoryTable) => readonly string[]
  /** Returns the bounds of a topic and the first offsets at or after a time; undefined if the topic does not exist. */
  readonly reach: (topic: string, timeMs: number | undefined) => Promise<TopicReach | undefined>
  readonly log: () => Promise<LogReader>
  readonly reader: DataReader
  /** Schemas of the types that inputs bring to `events`. */
  readonly brought?: readonly TypeSchema[]
}

/** Amounts that are to be loaded, and that were loaded. */
export interface LoadProgress {
  objects: number
  objectsInAll: number
  bytes: number
  records: number
  recordsInAll: number
}

export interface LoadTarget {
  /** Folder for the files. */
  readonly folder: string
  readonly progress: LoadProgress
  readonly stop: AbortSignal
  /** Receives a sentence about records that are missing in the result. */
  readonly notice: (sentence: string) => void
}

/** Number of objects that are fetched concurrently. */
const FETCHES = 16
/** Number of records of the topics in one file. */
const RECORDS_IN_FILE = 100_000
/** Number of missing ranges that are named. */
const NAMED_RANGES = 5

/**
 * Loads a table, and returns the paths of its files.
 *
 * @throws HistoryUnavailable if the bucket cannot be used
 * @throws DamagedObject for an object that is not a Parquet file
 * @throws OperationFailure if there is nothing of the table; see `readRecords` for errors of Kafka
 */
export async function loadTable(
  families: Families,
  table: HistoryTable,
  sources: SqlSources,
  times: RecordTimes,
  target: LoadTarget,
): Promise<readonly string[]> {
  const topics = sources.topics(table)
  const reach = (topic: string, sinceMs: number) => sources.reach(topic, sinceMs || undefined)
  const range = { fromMs: times.sinceMs ?? 0, untilMs: times.untilMs }
  // Records that are archived after the objects were listed are read from the topic.
  const partitions = await listPartitions(
    { store: sources.store, log: { reach } },
    table,
    topics,
    range,
    true,
  )
  const [first = ''] = topics
  if (partitions.length === 0 && !(await sources.reach(first, undefined)))
    throw new OperationFailure(
      `There is no topic ${first}, and no history of it: check --env and SLUICE_ENV.`,
    )
  reportGaps(partitions, target)
  const [slices, ranges]: [Slice[], Range[]] = [[], []]
  for (const { topic, partition, parts } of partitions)
    for (const { object, fromOffset, toOffset } of parts)
      if (object) slices.push({ object, fromOffset, toOffset })
      else ranges.push({ topic, partition, start: fromOffset, end: toOffset + 1 })
  const { progress } = target
  progress.objectsInAll += slices.length
  progress.recordsInAll += computeSum(ranges.map(({ start, end }) => end - start))
  const fetch = (slice: Slice) => fetchSlice(families, sources.store as HistoryStore, slice, target)
  const files = await pMap(slices, fetch, { concurrency: FETCHES, signal: target.stop })
  const tail = await readTail(families, table, sources, ranges, target)
  return [...files, ...tail]
}

/** Reports records that neither the objects nor the topics contain, and topics that were created again. */
function reportGaps(partitions: readonly PartitionParts[], { notice }: LoadTarget): void {
  for (const { topic, partition, isRecreated } of partitions)
    if (isRecreated)
      notice(
        `${topic}/${partition} ends before its history, so it was created again: its new records are missing.`,
      )
  const lost = partitions.flatMap(({ topic, partition, missing }) =>
    missing.map(({ fromOffset, toOffset }) => `${topic}/${partition} ${fromOffset}-${toOffset}`),
  )
  if (lost.length === 0) return
  const more = lost.length > NAMED_RANGES ? `, and ${lost.length - NAMED_RANGES} more ranges` : ''
  notice(
    `Records are missing, which neither the history nor Kafka has: ${lost.slice(0, NAMED_RANGES).join(', ')}${more}.`,
  )
}

/** Returns the name of the file for a slice. It contains the object's key, because messages of DuckDB name the file. */
function getFileName({ object, fromOffset, toOffset }: Slice): string {
  const isWhole = fromOffset === object.firstOffset && toOffset === object.lastOffset
  return isWhole ? object.key : `${object.key}.${fromOffset}-${toOffset}`
}

/** Returns the file with the rows of a slice. */
async function fetchSlice(
  families: Families,
  store: HistoryStore,
  slice: Slice,
  { folder, progress }: LoadTarget,
): Promise<string> {
  const { key, table } = slice.object
  const bytes = await objectBytes(store, key)
  const file = join(folder, getFileName(slice))
  await mkdir(dirname(file), { recursive: true })
  try {
    // Only the description and the checksum of the file are read.
    const named = await renameColumns(families, table, bytes)
    await writeFile(file, getFileName(slice) === key ? named : await objectPart(named, slice))
  } catch (error) {
    throw error instanceof DamagedObject ? createDamagedError(store, key, error) : error
  }
  progress.objects += 1
  progress.bytes += bytes.length
  return file
}

/** Reads ranges of topics, and returns the files with their rows. */
async function readTail(
  families: Families,
  table: HistoryTable,
  { log, reader }: SqlSources,
  ranges: readonly Range[],
  { folder, progress, stop, notice }: LoadTarget,
): Promise<string[]> {
  const files: string[] = []
  if (ranges.length === 0) return files
  const reportExpired = ({ topic, partition, start, end }: Range) =>
    notice(`Kafka deleted records of ${topic}/${partition} before they were read: ${start}-${end - 1}.`)
  const write = async (rows: readonly HistoryRow[]) => {
    const file = join(folder, `${table}-${files.length}.parquet`)
    await writeFile(file, encodeRows(families, table, rows))
    files.push(file)
  }
  let rows: HistoryRow[] = []
  for await (const group of readRecordGroups(await log(), ranges, reportExpired)) {
    stop.throwIfAborted()
    for (const row of await toHistoryRows(group, reader)) rows.push(row)
    progress.records += group.length
    if (rows.length < RECORDS_IN_FILE) continue
    await write(rows)
    rows = []
  }
  if (rows.length > 0) await write(rows)
  return files
}
