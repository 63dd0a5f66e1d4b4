/** Migrations of the storage, and the statement that writes rows. */
import { type Kysely, sql } from 'kysely'
import { type Migration, Migrator, type MigratorProps } from 'kysely/migration'
import { RetryableError } from '#runtime/consumer/index.ts'
import type { Table } from '../table.ts'
import { createTables, type Dialect, quoteNames, replaceViews } from '../views.ts'

/**
 * Creates or migrates the tables and views.
 *
 * @param options options of the migrator
 * @throws RetryableError if the tables were made by another version
 */
export async function migrate(
  db: Kysely<unknown>,
  dialect: Dialect,
  location: string,
  options: Pick<MigratorProps, 'migrationTableSchema' | 'disableTransactions'>,
): Promise<void> {
  const run = (statements: readonly string[]): Migration => ({
    async up(db) {
      for (const statement of statements) await sql.raw(statement).execute(db)
    },
  })
  // A test pins these statements: later changes need another migration, which can replace the views once more.
  const migrations = { '001-storage': run(createTables(dialect)), '002-views': run(replaceViews(dialect)) }
  const provider = { getMigrations: async () => migrations }
  const { error } = await new Migrator({ db, provider, ...options }).migrateToLatest()
  if (error instanceof Error && /previously executed migration .* is missing/.test(error.message)) {
    const safeMessage = `${location}: the tables were made by another version of Sluice. Run that version, or use another database.`
    throw new RetryableError(safeMessage, { cause: error, safeMessage })
  }
  if (error) throw error
}

/** Returns the statement that writes rows. @param rows VALUES or SELECT */
export function buildInsert(
  { key, columns }: Table,
  target: string,
  rows: string,
  existing: 'replace' | 'keep',
): string {
  const names = columns.map(([name]) => name)
  const others = names.filter(name => !key.includes(name))
  const set = others.map(name => `"${name}" = excluded."${name}"`).join(', ')
  const action = existing === 'keep' ? 'NOTHING' : `UPDATE SET ${set}`
  return `INSERT INTO ${target} (${quoteNames(names)}) ${rows} ON CONFLICT (${quoteNames(key)}) DO ${action}`
}
