/** Keys of the objects that contain the history. A key names the rows of its object. Pure. */
import { instant } from '#runtime/consumer'
import { HISTORY_TABLES, type HistoryTable } from './tables.ts'

/** Rows of an object: all records of a partition in a range of offsets, both included. */
export interface ObjectRange {
  readonly table: HistoryTable
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
}

/** Returns the key of the object that contains the range. */
export function formatObjectKey({
  table,
  topic,
  day,
  partition,
  firstOffset,
  lastOffset,
}: ObjectRange): string {
  const name = `${partition}-${padOffset(firstOffset)}-${padOffset(lastOffset)}`
  return `${formatDayFolder(table, topic, day)}${name}.parquet`
}

/** Returns the prefix of all objects of a table or, with a topic, of the topic's objects. */
export function formatFolder(table: HistoryTable, topic?: string): string {
  return `${table}/${topic === undefined ? '' : `topic=${topic}/`}`
}

/** Returns the prefix of the objects of a day. Days of a topic are in ascending order. */
export function formatDayFolder(table: HistoryTable, topic: string, day: string): string {
  return `${formatFolder(table, topic)}day=${day}/`
}

const KEY = /^(\w+)\/topic=([\w.-]+)\/day=(\d{4}-\d\d-\d\d)\/(\d+)-(\d{16})-(\d{16})\.parquet$/

/** Returns the range that a key names; undefined for the key of any other object. */
export function parseObjectKey(key: string): ObjectRange | undefined {
  const [, table, topic = '', day = '', partition, first, last] = KEY.exec(key) ?? []
  const range = {
    table: table as HistoryTable,
    topic,
    day,
    partition: Number(partition),
    firstOffset: Number(first),
    lastOffset: Number(last),
  }
  return HISTORY_TABLES.includes(range.table) && range.firstOffset <= range.lastOffset ? range : undefined
}

/** Returns the UTC day of a time. @param timeMs milliseconds since the epoch */
export function formatDay(timeMs: number): string {
  return instant(timeMs).slice(0, 10)
}

/** Pads an offset, so that keys are in the order of their offsets. */
function padOffset(offset: number): string {
  return String(offset).padStart(16, '0')
}
