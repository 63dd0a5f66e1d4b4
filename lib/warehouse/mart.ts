/** Shape of a mart, and functions for its rows. Pure. */
import { derivedId } from '#runtime/consumer/index.ts'

/**
 * Type of a column. A TIMESTAMP is in milliseconds since the epoch, and JSON is its text.
 */
export type MartType = 'TEXT' | 'INTEGER' | 'REAL' | 'TIMESTAMP' | 'JSON'

export type MartColumn = readonly [name: string, type: MartType, description: string]

export type MartRow = Readonly<Record<string, string | number | null>>

/** Table or view of the warehouse, for people who query it. */
export interface MartTable {
  readonly name: string
  readonly description: string
  readonly columns: readonly MartColumn[]
}

/** Table that is stored in the warehouse. */
export interface Mart extends MartTable {
  /** Names of the columns that identify a row. */
  readonly key: readonly string[]
  /** Merges two rows with the same key. `later` is derived from later offsets of the partition. */
  readonly merge: (earlier: MartRow, later: MartRow) => MartRow
}

/** Rows of marts that a part of the log adds, with one row for each key. */
export type Changes = ReadonlyMap<Mart, readonly MartRow[]>

/** Columns that identify a sensor. */
export const SENSOR_COLUMNS: readonly MartColumn[] = [
  ['source', 'TEXT', 'CloudEvents source of the sensor'],
  ['subject', 'TEXT', 'CloudEvents subject of the sensor; empty if its readings have none'],
  ['sensor_id', 'TEXT', 'Subject or, without one, source of the sensor, as in alert_log'],
]

export type Sensor = Readonly<Record<'source' | 'subject' | 'sensor_id', string>>

/** Maximum length of a text in a key, in bytes of UTF-8. PostgreSQL rejects index entries above 2,704 bytes. */
const MAX_KEY_BYTES = 800

const END_MS = Date.UTC(9999, 11, 31)

/** Returns whether a time in milliseconds is in the years 1970 to 9999. Other times are not stored. */
export function isCountedTime(timeMs: number): boolean {
  return timeMs >= 0 && timeMs < END_MS
}

/** Returns a text that every target stores unchanged: without NUL, which PostgreSQL rejects, and without lone surrogates. */
export function storable(text: string): string {
  return text.replaceAll('\0', '\u{fffd}').toWellFormed()
}

/** Returns a text for a key. The end of a text that is too long is replaced by its hash. */
export function keyText(text: string): string {
  const stored = storable(text)
  if (Buffer.byteLength(stored) <= MAX_KEY_BYTES) return stored
  return `${storable(stored.slice(0, MAX_KEY_BYTES / 8))}…${derivedId(text)}`
}

function toRowKey({ key }: Mart, row: MartRow): string {
  return key.map(column => row[column]).join('\0')
}

/** Merges the rows with the same key. Rows of a partition must be in the order of their offsets. */
export function mergeRows(mart: Mart, rows: Iterable<MartRow>): MartRow[] {
  const byKey = new Map<string, MartRow>()
  for (const row of rows) {
    const key = toRowKey(mart, row)
    const earlier = byKey.get(key)
    byKey.set(key, earlier ? mart.merge(earlier, row) : row)
  }
  return [...byKey.values()]
}
