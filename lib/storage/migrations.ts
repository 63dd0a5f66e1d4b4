/** Migrations of the storage, as SQL for every database. Pure. */
import { type StorageColumn, TABLES, type Table } from './table.ts'
import { buildViews, type Dialect, quoteNames } from './views.ts'

/** Names of the migrations in their order. Tables, columns and indexes have the number of the one that adds them, from 1. */
export const MIGRATIONS: readonly string[] = [
  '001-storage',
  '002-views',
  '003-charts',
  '004-counters',
  '005-states',
]

/**
 * Returns the statements of each migration. A new database runs all of them, so it ends as one that was made by an earlier version.
 * The last one makes the views and the descriptions, because these know all columns: another name replaces them.
 */
export function buildMigrations(
  dialect: Dialect,
  names = MIGRATIONS,
  tables = TABLES,
): readonly (readonly [name: string, statements: readonly string[]])[] {
  return names.map((name, index) => {
    const changes = tables.flatMap(table => changeTable(table, index + 1, dialect))
    return [name, index + 1 < names.length ? changes : [...changes, ...replaceViews(dialect, tables)]]
  })
}

/** Returns the statements with which a migration creates a table, or adds later columns and indexes to it. */
function changeTable(table: Table, migration: number, dialect: Dialect): readonly string[] {
  const { key, columns, indexes, version, since: created = 1 } = table
  const name = `${dialect.schema}${table.name}`
  const isAdded = (since = created) => since === migration
  const declare = ([column, type]: StorageColumn) =>
    `"${column}" ${dialect.types[type]}${key.includes(column) ? ' NOT NULL' : ''}`
  const added = columns.filter(([, , , , since]) => isAdded(since))
  const beside = added.slice(key.length + 1)
  // Texts and JSON could exceed what an entry of an index can have.
  const isCovering = version && beside.every(([, type]) => type === 'REAL')
  const include = isCovering ? dialect.include(quoteNames(beside.map(([column]) => column))) : ''
  const primary = `PRIMARY KEY (${quoteNames(key)})${include}`
  return [
    ...(isAdded()
      ? [`CREATE TABLE ${name} (${[...added.map(declare), primary].join(', ')})${dialect.tableOptions}`]
      : added.map(column => `ALTER TABLE ${name} ADD COLUMN ${declare(column)}`)),
    ...indexes.flatMap(([index, indexed, since]) =>
      isAdded(since) ? [`CREATE INDEX ${table.name}_${index} ON ${name} (${indexed})`] : [],
    ),
  ]
}

/** Returns the statements that create all views and descriptions, or replace those of an earlier version. */
function replaceViews(dialect: Dialect, tables: readonly Table[]): readonly string[] {
  const views = buildViews(dialect)
  const replaced = views.flatMap(({ name, columns, from }) => {
    const selected = columns.map(([column, sql]) => `${sql} AS "${column}"`).join(', ')
    return dialect.replaceView(name, `SELECT ${selected} ${from}`)
  })
  return [
    ...replaced,
    ...tables.flatMap(table => dialect.describe('TABLE', table)),
    ...views.flatMap(view => dialect.describe('VIEW', view)),
    ...dialect.more,
  ]
}
