/** Views for SQL queries over the history and the topics. Only builds SQL. Pure. */

import {
  type ColumnType,
  HISTORY_TABLES,
  type HistoryColumn,
  type HistoryTable,
  listColumns,
  listSchemaColumns,
  nameFields,
  RECORD_COLUMNS,
} from '../../lib/history/index.ts'
import { EVENT_TYPES } from '../../lib/schemas/event-types.ts'
import type { TypeSchema } from '../../lib/schemas/json-schema.ts'
import type { Families } from '../../lib/telemetry/index.ts'

/** Range of the records' timestamps, in milliseconds since the epoch. */
export interface RecordTimes {
  /** Start of the time range, inclusive; undefined for no limit. */
  readonly sinceMs?: number | undefined
  /** End of the time range, exclusive; undefined for no limit. */
  readonly untilMs?: number | undefined
}

/** View, for users. */
export interface SqlView {
  readonly name: string
  readonly columns: readonly { readonly name: string; readonly type: string }[]
}

/** View with all records of all tables. */
const RECORDS = 'records'

/** All views, in the order in which they are listed. */
export const VIEWS = [...HISTORY_TABLES, RECORDS] as const

/** Marks of the events that control consumers, in the table of event types. */
const CONTROL = new Set<string>(['ticked', 'ruled', 'erased', 'redriven'])
/** SQL condition of the records that views of tables contain. A record that is not a CloudEvent has no type, and does not match. */
const IS_SHOWN = `type NOT IN (${Object.entries(EVENT_TYPES)
  .flatMap(([type, { topic }]) => (CONTROL.has(topic) ? [quoteLiteral(type)] : []))
  .join(', ')})`

/**
 * Returns the views that the statements may use. A name can also be another word of the statements, such as a text, in which case
 * more is loaded than needed.
 */
export function findViews(statements: string): ReadonlySet<string> {
  const words = new Set(statements.toLowerCase().match(/\w+/g))
  return new Set(VIEWS.filter(view => words.has(view)))
}

/** Returns the tables of the history that must be loaded for the views. */
export function listTables(views: ReadonlySet<string>): readonly HistoryTable[] {
  return HISTORY_TABLES.filter(table => views.has(RECORDS) || views.has(table))
}

/**
 * Returns the SQL that creates the views of the tables and `records`.
 *
 * @param loaded files of the tables that were loaded
 * @param schemas a file for each table that has all its columns, but no rows
 * @param brought schemas of the types that inputs bring to `events`, whose fields are further columns
 */
export function createViews(
  families: Families,
  loaded: ReadonlyMap<HistoryTable, readonly string[]>,
  schemas: Readonly<Record<HistoryTable, string>>,
  times: RecordTimes,
  brought: readonly TypeSchema[] = [],
): string[] {
  const formatSource = (table: HistoryTable) => {
    const files = [schemas[table], ...(loaded.get(table) ?? [])].map(quoteLiteral).join(', ')
    return `read_parquet([${files}], union_by_name = true, hive_partitioning = false)`
  }
  const where = formatTimeConditions(times)
  const events = [...where, IS_SHOWN]
  const views = HISTORY_TABLES.map(table => {
    const own = listColumns(families, table)
    const shown = table === 'events' ? formatEventColumns(own, brought) : formatColumns(own)
    // Objects can have columns of earlier schemas.
    const columns = `${shown}, * EXCLUDE (${formatColumns(own)})`
    return formatView(table, formatSelect(columns, formatSource(table), events))
  })
  const common = formatColumns(RECORD_COLUMNS)
  const records = HISTORY_TABLES.map(table =>
    formatSelect(`${quoteLiteral(table)} AS "table", ${common}`, formatSource(table), where),
  )
  return [...views, formatView(RECORDS, records.join(' UNION ALL '))]
}

/** Returns the SQL that removes all views except for those that were loaded. */
export function dropOthers(loaded: ReadonlySet<string>): string[] {
  return VIEWS.filter(name => !loaded.has(name)).map(name => `DROP VIEW ${name}`)
}

/** Largest magnitude of a number from which DuckDB can compute deviations. The squares of larger ones can be out of its range. */
export const MAX_MAGNITUDE = 1e100

/** Returns SQL that hides a view behind one in which larger numbers are NULL. */
export function boundNumbers({ name, columns }: SqlView): string {
  const bounded = columns
    .filter(({ type }) => type === 'DOUBLE')
    .map(
      ({ name }) =>
        `CASE WHEN abs(${quoteName(name)}) <= ${MAX_MAGNITUDE} THEN ${quoteName(name)} END AS ${quoteName(name)}`,
    )
  const replaced = bounded.length > 0 ? ` REPLACE (${bounded.join(', ')})` : ''
  return `CREATE TEMP VIEW ${name} AS SELECT *${replaced} FROM memory.main.${name}`
}

function formatView(name: string, query: string): string {
  return `CREATE VIEW ${name} AS ${query}`
}

function formatSelect(columns: string, from: string, where: readonly string[]): string {
  return `SELECT ${columns} FROM ${from}${where.length > 0 ? ` WHERE ${where.join(' AND ')}` : ''}`
}

function formatTimeConditions({ sinceMs, untilMs }: RecordTimes): string[] {
  const bounds = [
    ['>=', sinceMs],
    ['<', untilMs],
  ] as const
  return bounds.flatMap(([operator, ms]) =>
    ms === undefined ? [] : [`"timestamp" ${operator} epoch_ms(${Math.ceil(ms)})`],
  )
}

/** Returns the columns as SQL. */
function formatColumns(columns: readonly { readonly name: string }[]): string {
  return columns.map(({ name }) => quoteName(name)).join(', ')
}

/** Returns the columns of `events` as SQL, with those of the types that inputs bring. Their fields are in `rest`. */
function formatEventColumns(own: readonly HistoryColumn[], brought: readonly TypeSchema[]): string {
  const columns = new Map(own.map(({ name, type }) => [name, { type, places: [quoteName(name)] }]))
  const fields = brought.flatMap(({ type: eventType, schema }) =>
    listSchemaColumns(schema).map(field => ({ ...field, eventType })),
  )
  for (const { name, type, path, eventType } of nameFields(fields, own)) {
    const column = columns.get(name) ?? { type, places: [] }
    column.places.push(formatField(eventType, type, path))
    columns.set(name, column)
  }
  return Array.from(
    columns,
    ([name, { places }]) => `COALESCE(${places.join(', ')}) AS ${quoteName(name)}`,
  ).join(', ')
}

/** Returns SQL for a field in `rest` of a type's events, by its JSON pointer. A value of another type is null. */
function formatField(eventType: string, type: ColumnType, path: readonly string[]): string {
  const parts = path.map(part => part.replaceAll('~', '~0').replaceAll('/', '~1'))
  const pointer = quoteLiteral(`/data/${parts.join('/')}`)
  const value = `TRY_CAST(rest->>${pointer} AS ${type === 'JSON' ? 'VARCHAR' : type})`
  return `CASE WHEN type = ${quoteLiteral(eventType)} THEN ${value} END`
}

function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Returns SQL for a text. */
export function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
