/** SQL of the Athena views over history, in the dialect of Trino. Pure. */
import { columnsOf, RECORD_COLUMNS } from '../../lib/history/columns.ts'
import { HISTORY_TABLES, type HistoryTable } from '../../lib/history/tables.ts'
import { ALERT_LOG, EVENT_COLUMNS } from '../../lib/operations/sql/alert-tables.ts'
import { IS_SHOWN } from '../../lib/operations/sql/views.ts'
import { ALERT_LOG as ALERT_LOG_TABLE } from '../../lib/warehouse/alerts.ts'
import { COLUMN_TYPES, type MartTable } from '../../lib/warehouse/mart.ts'

/** Data types of the columns of views. `JSON` is text. */
export type ViewType =
  | 'STRING'
  | 'JSON'
  | 'INT32'
  | 'INT64'
  | 'DOUBLE'
  | 'BOOLEAN'
  | 'TIMESTAMP'
  | 'MAP(VARCHAR, VARCHAR)'

export interface ViewColumn {
  readonly name: string
  readonly type: ViewType
}

export interface View {
  readonly name: string
  readonly sql: string
  readonly columns: readonly ViewColumn[]
}

/** Column of the day in the name of an object. A condition on it limits the objects that a query reads. */
const DAY: ViewColumn = { name: 'day', type: 'STRING' }

/** Returns names as SQL. */
const quoted = (names: readonly string[]) => names.map(name => `"${name}"`).join(', ')

/** Returns the columns of a mart. */
function martColumns({ columns }: MartTable): readonly ViewColumn[] {
  return columns.map(([name, type]) => ({ name, type: COLUMN_TYPES[type] }))
}

/** Order of the parts with the same offset, of which the first counts, as in `coverage`. Names of objects have the first and last offset. */
const PRECEDENCE = `regexp_extract("$path", '(\\d{16})-\\d{16}\\.parquet$', 1), regexp_extract("$path", '-(\\d{16})\\.parquet$', 1) DESC, "day"`

/**
 * Returns SQL for the rows of a table, each once: up to the frontier of its partition it is in the compacted objects, and behind that
 * in the parts. The frontier is read once for both. If it were read once for each, it could move between the two reads, and rows
 * would be missing. Parts overlap if the archiver lost its state. Only parts are compared, each with those of other days too: they
 * are few, because the compactor deletes them, and a comparison of compacted objects would scan all of them.
 */
function rowsOnce(table: HistoryTable, columns: readonly ViewColumn[]): string {
  const names = quoted(columns.map(({ name }) => name))
  const part = `row_number() OVER (PARTITION BY "topic", "partition", "offset" ORDER BY ${PRECEDENCE})`
  const counted = columns.map(({ name }) => `r."${name}"`).join(', ')
  return `SELECT ${counted}
FROM (SELECT ${names}, true AS "is_compacted" FROM "${table}_compacted"
  UNION ALL SELECT ${names}, false AS "is_compacted" FROM (SELECT ${names}, ${part} AS "part" FROM "${table}_parts") WHERE "part" = 1) AS r
LEFT JOIN "${table}_frontier" AS f ON f."topic" = r."topic" AND f."partition" = r."partition"
WHERE r."is_compacted" = (r."offset" <= coalesce(f."to_offset", -1))`
}

/** Returns the view of the rows of a table that are not control events. */
export function tableView(table: HistoryTable): View {
  const columns = [...columnsOf(table).map(({ name, type }) => ({ name, type })), DAY]
  return { name: table, sql: `${rowsOnce(table, columns)} AND r.${IS_SHOWN}`, columns }
}

/** Returns the view `records` of all rows of all tables. */
export function recordsView(): View {
  const columns = [...RECORD_COLUMNS.map(({ name, type }) => ({ name, type })), DAY]
  const rows = HISTORY_TABLES.map(
    table => `SELECT CAST('${table}' AS VARCHAR) AS "table", * FROM (${rowsOnce(table, columns)})`,
  )
  return {
    name: 'records',
    sql: rows.join('\nUNION ALL '),
    columns: [{ name: 'table', type: 'STRING' }, ...columns],
  }
}

const ACKNOWLEDGED = `"type" = 'io.sluice.alert.acknowledged.v1'`

/** Returns the time in a column that contains RFC 3339 text, in UTC. NULL for any other text. */
function timeIn(column: string): string {
  return `CAST(try(from_iso8601_timestamp("${column}")) AT TIME ZONE 'UTC' AS TIMESTAMP)`
}

/** Expressions over the view `alerts` for the columns of `alert_events` whose names or values differ, as `alertEventIn` decides. */
const EXPRESSIONS: Readonly<Record<string, string>> = {
  event: `CASE WHEN ${ACKNOWLEDGED} AND "acknowledged" = false THEN 'acknowledgement-removed'
    ELSE coalesce(nullif(regexp_extract("type", '^io\\.sluice\\.alert\\.([a-z-]+)\\.v\\d+$', 1), ''), "type") END`,
  event_ts: 'coalesce("time", "timestamp")',
  alert_type: '"rule"',
  sensor_id: 'coalesce("entity_subject", "entity_source")',
  labels: 'coalesce(CAST(json_parse("labels") AS MAP(VARCHAR, VARCHAR)), MAP())',
  source: '"entity_source"',
  subject: '"entity_subject"',
  active_ts: timeIn('active_at'),
  alert_ts: timeIn('started_at'),
  resolved_ts: timeIn('ended_at'),
  acknowledged_by: `CASE WHEN ${ACKNOWLEDGED} THEN "by" END`,
  acknowledged_comment: `CASE WHEN ${ACKNOWLEDGED} THEN "comment" END`,
  trace_id: `nullif(split_part("traceparent", '-', 2), '')`,
  event_id: '"id"',
  event_source: '"source"',
}

const VIEW_TYPES = {
  VARCHAR: 'STRING',
  DOUBLE: 'DOUBLE',
  BIGINT: 'INT64',
  INTEGER: 'INT32',
  TIMESTAMP: 'TIMESTAMP',
  JSON: 'JSON',
  'MAP(VARCHAR, VARCHAR)': 'MAP(VARCHAR, VARCHAR)',
} as const

/** Columns of `alert_events`. The column `data` is missing, because the columns of history do not contain the original JSON. */
const EVENTS = EVENT_COLUMNS.filter(({ name }) => name !== 'data')

/** Returns the views `alert_events` and `alert_log`, whose columns and rows are those of `sluice sql`. */
export function alertViews(): readonly View[] {
  const columns = EVENTS.map(({ name, type }) => ({ name, type: VIEW_TYPES[type] }))
  const names = quoted(columns.map(({ name }) => name))
  const selected = columns.map(({ name }) => `${EXPRESSIONS[name] ?? `"${name}"`} AS "${name}"`)
  // Events that were published twice have the same source and id.
  const events = `SELECT ${names} FROM (
  SELECT *, row_number() OVER (PARTITION BY "event_source", "event_id" ORDER BY "partition", "offset") AS "copy" FROM (
    SELECT ${selected.join(',\n      ')}
    FROM "alerts" WHERE "alert_id" IS NOT NULL))
WHERE "copy" = 1`
  return [
    { name: 'alert_events', sql: events, columns },
    {
      name: 'alert_log',
      sql: ALERT_LOG.replaceAll(/\bepoch\(/g, 'to_unixtime('),
      columns: martColumns(ALERT_LOG_TABLE).map(
        column => columns.find(({ name }) => name === column.name) ?? column,
      ),
    },
  ]
}
