/** Promises of the migrations of the storage, for each database. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { buildMigrations, MIGRATIONS } from '../../lib/storage/migrations.ts'
import { READINGS, TABLES, type Table } from '../../lib/storage/table.ts'
import type { Dialect } from '../../lib/storage/views.ts'

interface Database {
  run(statements: string): Promise<unknown>
  /** Returns tables, columns, indexes, views and descriptions. */
  describe(): Promise<readonly object[]>
}

const NEW: Table = {
  ...READINGS,
  description: 'Readings, with notes',
  columns: [...READINGS.columns, ['note', 'TEXT', 'Note', () => null, MIGRATIONS.length + 1]],
  indexes: [...READINGS.indexes, ['note', '"note"', MIGRATIONS.length + 1]],
}

export function migrationConformance(name: string, dialect: Dialect, open: () => Promise<Database>): void {
  /** The statements after those of the views use the new column. */
  const later = {
    ...dialect,
    more: [...dialect.more, ...dialect.replaceView('noted', `SELECT note FROM ${dialect.schema}readings`)],
  }
  const current = buildMigrations(dialect)
  const next = buildMigrations(later, [...MIGRATIONS, '999-note'], [NEW, ...TABLES.slice(1)])
  const migrate = async (...migrations: readonly (readonly [string, readonly string[]])[]) => {
    const database = await open()
    for (const [, statements] of migrations) await database.run(statements.join(';\n'))
    return database.describe()
  }

  describe(`migrations in ${name}`, () => {
    it('given a column that a later version adds, then a new database and one of this version end equal', async () => {
      const grown = await migrate(...current, ...next.slice(current.length))
      assert.deepEqual(await migrate(...next), grown)
      assert.match(JSON.stringify(grown), /noted/)
      assert.notDeepEqual(await migrate(...current), grown)
    })

    it('given a database of any earlier version, then it ends as a new one', async () => {
      const fresh = await migrate(...current)
      for (const count of MIGRATIONS.keys()) {
        // The views of this version can need tables that the earlier one lacks.
        const earlier = buildMigrations(
          { ...dialect, replaceView: () => [], describe: () => [], more: [] },
          MIGRATIONS.slice(0, count),
          TABLES.filter(({ since = 1 }) => since <= count).map(table => ({
            ...table,
            columns: table.columns.filter(([, , , , since = 1]) => since <= count),
          })),
        )
        assert.deepEqual(await migrate(...earlier, ...current.slice(count)), fresh)
      }
    })
  })
}
