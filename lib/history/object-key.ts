/** Keys of the objects that contain the history. A key names the rows of its object. Pure. */
import { instant } from '../../packages/runtime/consumer/instant.ts'
import { HISTORY_TABLES, type HistoryTable } from './tables.ts'

/** The archiver writes parts. The compactor merges them into larger, compacted objects. */
export const LEVELS = ['parts', 'compacted'] as const
export type Level = (typeof LEVELS)[number]

/** Rows of an object: all records of a partition in a range of offsets, both included. */
export interface ObjectRange {
  readonly table: HistoryTable
  readonly level: Level
  /** Kafka name of the topic. */
  readonly topic: string
  /** UTC day of the first record's timestamp, such as 2026-11-24. The last rows may belong to the next day. */
  readonly day: string
  readonly partition: number
  readonly firstOffset: number
  readonly lastOffset: number
}

/** Object in the bucket. */
export interface HistoryObject extends ObjectRange {
  readonly key: string
  readonly bytes: number
  readonly modifiedMs: number
}

/** Returns the key of the object that contains the range. */
export function objectKey(range: ObjectRange): string {
  const { partition, firstOffset, lastOffset } = range
  return `${dayFolder(range)}${partition}-${padded(firstOffset)}-${padded(lastOffset)}.parquet`
}

/** Returns the prefix of all objects of a table and level or, with a topic, of the topic's objects. */
export function folderOf(table: HistoryTable, level: Level, topic?: string): string {
  return `${table}/${level}/${topic === undefined ? '' : `topic=${topic}/`}`
}

function dayFolder({ table, level, topic, day }: ObjectRange): string {
  return `${folderOf(table, level, topic)}day=${day}/`
}

/** Returns the key of the object that says up to which offset the objects of a topic are compacted. */
export function frontierKey(table: HistoryTable, topic: string): string {
  return `${table}/frontier/topic=${topic}/frontier.json`
}

const KEY =
  /^(\w+)\/(parts|compacted)\/topic=([\w.-]+)\/day=(\d{4}-\d\d-\d\d)\/(\d+)-(\d{16})-(\d{16})\.parquet$/

/** Returns the range that a key names; undefined for the key of any other object. */
export function parseObjectKey(key: string): ObjectRange | undefined {
  const [, table, level, topic = '', day = '', partition, first, last] = KEY.exec(key) ?? []
  const range = {
    table: table as HistoryTable,
    level: level as Level,
    topic,
    day,
    partition: Number(partition),
    firstOffset: Number(first),
    lastOffset: Number(last),
  }
  return HISTORY_TABLES.includes(range.table) && range.firstOffset <= range.lastOffset ? range : undefined
}

/** Returns the UTC day of a time. @param timeMs milliseconds since the epoch */
export function dayOf(timeMs: number): string {
  return instant(timeMs).slice(0, 10)
}

/** Returns an offset for a key, so that keys are in the order of their offsets. */
function padded(offset: number): string {
  return String(offset).padStart(16, '0')
}
