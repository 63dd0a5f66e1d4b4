/** Migrations of the storage, and the statement that writes rows. */
import { type Kysely, sql } from 'kysely'
import { type Migration, Migrator, type MigratorProps } from 'kysely/migration'
import { RetryableError } from '#runtime/consumer'
import { buildMigrations } from '../migrations.ts'
import type { Table } from '../table.ts'
import { type Dialect, quoteNames } from '../views.ts'

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
  const migrations = buildMigrations(dialect).map(([name, statements]): [string, Migration] => [
    name,
    {
      async up(db) {
        for (const statement of statements) await sql.raw(statement).execute(db)
      },
    },
  ])
  const provider = { getMigrations: async () => Object.fromEntries(migrations) }
  const migrator = new Migrator({ db, provider, ...options })
  const { error } = await migrator.migrateToLatest()
  if (error instanceof Error && /previously executed migration .* is missing/.test(error.message)) {
    const safeMessage = `${location}: the tables were made by another version of Sluice. Run that version, or use another database.`
    throw new RetryableError(safeMessage, { cause: error, safeMessage })
  }
  if (error) throw error
}

/** Returns the statement that writes rows. @param rows VALUES or SELECT */
export function buildInsert(
  { name, key, columns, version }: Table,
  target: string,
  rows: string,
  existing: 'replace' | 'keep',
): string {
  const names = columns.map(([name]) => name)
  const others = names.filter(name => !key.includes(name))
  const set = others.map(name => `"${name}" = excluded."${name}"`).join(', ')
  const isLater =
    version && ` WHERE excluded."${version}" ${existing === 'keep' ? '>' : '>='} ${name}."${version}"`
  const action = existing === 'keep' && !isLater ? 'NOTHING' : `UPDATE SET ${set}${isLater ?? ''}`
  return `INSERT INTO ${target} (${quoteNames(names)}) ${rows} ON CONFLICT (${quoteNames(key)}) DO ${action}`
}
