/** SQL that PostgreSQL and SQLite have in common, and the migrations of both. */
import { type Kysely, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { ALERT_LOG, ALERTS } from '../alert-marts.ts'
import type { Mart, MartRow, MartTable, MartType } from '../mart.ts'
import { READINGS_DAILY, READINGS_HOURLY } from '../reading-marts.ts'
import { WarehouseFailure, type Watermark } from '../target.ts'

/** Stored tables. */
export const MARTS: readonly Mart[] = [READINGS_HOURLY, READINGS_DAILY, ALERTS]

/** Tables and views for people. */
export const SHOWN: readonly MartTable[] = [READINGS_HOURLY, READINGS_DAILY, ALERT_LOG]

export interface Dialect {
  /** Types of columns. */
  readonly types: Readonly<Record<MartType, string>>
  /** Prefix of the stored tables. */
  readonly schema: string
  /** Statements after those that create tables and views. */
  readonly more: readonly string[]
}

/** Columns of the table `watermarks`, in the order of `toWatermark`. */
const WATERMARK_COLUMNS = [
  ['history_table', 'TEXT'],
  ['topic', 'TEXT'],
  ['partition', 'INTEGER'],
  ['next_offset', 'INTEGER'],
  ['up_to_ms', 'INTEGER'],
] as const

const WATERMARK_KEY = ['history_table', 'topic', 'partition']

/** Returns the statements of the first migration. A test pins them: later changes of the marts need another migration. */
export function firstStatements({ types, schema, more }: Dialect): string[] {
  const table = (
    name: string,
    columns: readonly (readonly [string, MartType, ...unknown[]])[],
    key: readonly string[],
  ) => {
    const declared = columns.map(
      ([column, type]) => `"${column}" ${types[type]}${key.includes(column) ? ' NOT NULL' : ''}`,
    )
    return `CREATE TABLE ${schema}${name} (${declared.join(', ')}, PRIMARY KEY (${quoteNames(key)}))`
  }
  const log = ALERT_LOG.columns.map(([name]) => name)
  return [
    table('watermarks', WATERMARK_COLUMNS, WATERMARK_KEY),
    ...MARTS.map(({ name, columns, key }) => table(name, columns, key)),
    `CREATE VIEW ${schema}${ALERT_LOG.name} AS SELECT ${quoteNames(log)} FROM ${schema}${ALERTS.name} WHERE alert_ts IS NOT NULL`,
    ...more,
  ]
}

/**
 * Creates or migrates the tables.
 *
 * @param schema schema of the table with the applied migrations, for PostgreSQL
 * @throws WarehouseFailure if the tables were made by a newer version
 */
export async function migrate(db: Kysely<unknown>, dialect: Dialect, schema?: string): Promise<void> {
  const first: Migration = {
    async up(db) {
      for (const statement of firstStatements(dialect)) await sql.raw(statement).execute(db)
    },
  }
  const migrations = { '001-marts': first }
  const place = schema === undefined ? {} : { migrationTableSchema: schema }
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations }, ...place })
  const { error } = await migrator.migrateToLatest()
  if (error instanceof Error && /previously executed migration .* is missing/.test(error.message))
    throw new WarehouseFailure(
      'The tables of the warehouse were made by a newer version of Sluice. Run that version, or use another database.',
      { cause: error },
    )
  if (error) throw error
}

export function quoteNames(names: readonly string[]): string {
  return names.map(name => `"${name}"`).join(', ')
}

export function listColumnNames({ columns }: Pick<Mart, 'columns'>): string[] {
  return columns.map(([name]) => name)
}

/** Returns the statement that inserts rows or replaces those with the same key. @param rows VALUES or SELECT */
export function upsert(
  table: string,
  columns: readonly string[],
  key: readonly string[],
  rows: string,
): string {
  const others = columns.filter(column => !key.includes(column))
  const set = others.map(column => `"${column}" = excluded."${column}"`).join(', ')
  return `INSERT INTO ${table} (${quoteNames(columns)}) ${rows} ON CONFLICT (${quoteNames(key)}) DO UPDATE SET ${set}`
}

/** Returns the statement that writes a watermark. @param value placeholder of a value, by its index */
export function writeWatermark({ schema }: Dialect, value: (index: number) => string): string {
  const columns = WATERMARK_COLUMNS.map(([name]) => name)
  const values = `VALUES (${columns.map((_, index) => value(index)).join(', ')})`
  return upsert(`${schema}watermarks`, columns, WATERMARK_KEY, values)
}

export function watermarkValues(mark: Watermark): (string | number)[] {
  const { table, topic, partition, nextOffset, upToMs } = mark
  return [table, topic, partition, nextOffset, upToMs]
}

export function toWatermark(row: MartRow): Watermark {
  return {
    table: row.history_table as Watermark['table'],
    topic: String(row.topic),
    partition: Number(row.partition),
    nextOffset: Number(row.next_offset),
    upToMs: Number(row.up_to_ms),
  }
}

/** Returns the columns of a mart or view. */
export function shownColumns(name: string): Mart['columns'] {
  return [...SHOWN, ...MARTS].find(one => one.name === name)?.columns ?? []
}
