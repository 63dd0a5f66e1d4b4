/** Warehouse in an SQLite file, for one person. Times are texts in UTC, as SQLite's function `datetime` returns them. */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { Kysely, SqliteDialect } from 'kysely'
import type { Mart, MartColumn, MartRow } from '../mart.ts'
import {
  type Step,
  WarehouseFailure,
  type WarehouseTarget,
  type Watermark,
  watermarkOfPartition,
} from '../target.ts'
import {
  type Dialect,
  listColumnNames,
  migrate,
  quoteNames,
  shownColumns,
  toWatermark,
  upsert,
  watermarkValues,
  writeWatermark,
} from './common-sql.ts'

export const SQLITE: Dialect = {
  types: { TEXT: 'TEXT', INTEGER: 'INTEGER', REAL: 'REAL', TIMESTAMP: 'TEXT', JSON: 'TEXT' },
  schema: '',
  more: [],
}

/** Time to wait for another process that writes to the file, in milliseconds. */
const BUSY_MS = 10_000

export class SqliteTarget implements WarehouseTarget {
  readonly location: string
  readonly #file: string
  #opened: DatabaseSync | undefined

  constructor(file: string) {
    this.#file = file
    this.location = `sqlite:${file}`
  }

  async open(): Promise<void> {
    await this.#translateErrors(async () => {
      const db = new DatabaseSync(this.#file, { timeout: BUSY_MS })
      this.#opened = db
      db.exec('PRAGMA journal_mode = WAL')
      const prepare = (text: string) => {
        const statement = db.prepare(text)
        const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[]
        return {
          reader: statement.columns().length > 0,
          all: (parameters: readonly unknown[]) => statement.all(...values(parameters)),
          run: (parameters: readonly unknown[]) => statement.run(...values(parameters)),
          iterate: (parameters: readonly unknown[]) => statement.iterate(...values(parameters)),
        }
      }
      await migrate(new Kysely({ dialect: new SqliteDialect({ database: { prepare, close() {} } }) }), SQLITE)
    })
  }

  async watermarks(): Promise<readonly Watermark[]> {
    return await this.#translateErrors(async () => this.#all('SELECT * FROM watermarks').map(toWatermark))
  }

  async apply(step: Step): Promise<boolean> {
    return await this.#transaction(() => {
      const before = watermarkOfPartition(this.#all('SELECT * FROM watermarks').map(toWatermark), step)
      if (before && before.nextOffset !== step.fromOffset) return false
      for (const [mart, rows] of step.changes) this.#merge(mart, rows)
      this.#run(
        writeWatermark(SQLITE, () => '?'),
        watermarkValues(step),
      )
      return true
    })
  }

  async rows(name: string): Promise<readonly MartRow[]> {
    const columns = shownColumns(name)
    return await this.#translateErrors(async () => {
      return this.#all(`SELECT ${quoteNames(listColumnNames({ columns }))} FROM ${name}`).map(row =>
        parseRow(columns, row),
      )
    })
  }

  async close(): Promise<void> {
    this.#opened?.close()
    this.#opened = undefined
  }

  get #db(): DatabaseSync {
    if (!this.#opened) throw new WarehouseFailure(`${this.location} is not open.`)
    return this.#opened
  }

  #merge(mart: Mart, rows: readonly MartRow[]): void {
    const { name, key, columns, merge } = mart
    const names = listColumnNames(mart)
    const where = key.map(column => `"${column}" = ?`).join(' AND ')
    const find = this.#db.prepare(`SELECT * FROM ${name} WHERE ${where}`)
    const write = this.#db.prepare(upsert(name, names, key, `VALUES (${names.map(() => '?').join(', ')})`))
    const keyColumns = columns.filter(([column]) => key.includes(column))
    for (const row of rows) {
      const found = find.get(...toSqlValues(sortByKey(key, keyColumns), row)) as MartRow | undefined
      write.run(...toSqlValues(columns, found ? merge(parseRow(columns, found), row) : row))
    }
  }

  #all(text: string): MartRow[] {
    return this.#db.prepare(text).all() as MartRow[]
  }

  #run(text: string, values: readonly SQLInputValue[]): ReturnType<StatementSync['run']> {
    return this.#db.prepare(text).run(...values)
  }

  async #transaction<T>(work: () => T): Promise<T> {
    return await this.#translateErrors(async () => {
      this.#db.exec('BEGIN IMMEDIATE')
      try {
        const result = work()
        this.#db.exec('COMMIT')
        return result
      } catch (error) {
        this.#db.exec('ROLLBACK')
        throw error
      }
    })
  }

  async #translateErrors<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof WarehouseFailure) throw error
      const code = (error as { errcode?: number }).errcode ?? 0
      const reason = REASONS[code & 0xff] ?? `The statement failed with the code ${code}.`
      throw new WarehouseFailure(`${this.location}: ${reason}`, { cause: error })
    }
  }
}

/** Reasons for failures, by SQLite's primary result code. */
const REASONS: Readonly<Record<number, string>> = {
  5: 'Another process writes to the file. Try again when it has ended.',
  8: 'The file is read-only.',
  10: 'The file cannot be read or written.',
  11: 'The file is damaged. Restore it from a copy, or remove it: the next run rebuilds it from history.',
  13: 'The disk is full.',
  14: 'The file cannot be opened. Create its folder, or correct WAREHOUSE_URL.',
  26: 'The file is not an SQLite database. Correct WAREHOUSE_URL.',
}

function sortByKey(key: readonly string[], columns: readonly MartColumn[]): MartColumn[] {
  return columns.toSorted(([a], [b]) => key.indexOf(a) - key.indexOf(b))
}

function toSqlValues(columns: readonly MartColumn[], row: MartRow): SQLInputValue[] {
  return columns.map(([name, type]) => {
    const value = row[name] ?? null
    return type === 'TIMESTAMP' && value !== null ? timeText(Number(value)) : value
  })
}

function parseRow(columns: readonly MartColumn[], row: MartRow): MartRow {
  return Object.fromEntries(
    columns.map(([name, type]) => {
      const value = row[name] ?? null
      return [
        name,
        type === 'TIMESTAMP' && value !== null ? Date.parse(`${value}Z`.replace(' ', 'T')) : value,
      ]
    }),
  )
}

/** Returns a time such as `2026-03-01 12:00:00.000`, which can be compared with the results of `datetime`. */
function timeText(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, -1).replace('T', ' ')
}
