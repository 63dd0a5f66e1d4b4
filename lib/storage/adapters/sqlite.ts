/**
 * Storage in an SQLite file, for one machine. Times are texts in UTC, as SQLite's function `datetime` returns them. Readers never
 * stop the writer, because the file has a write-ahead log.
 */
import { open, stat } from 'node:fs/promises'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { Kysely, SqliteDialect } from 'kysely'
import { PermanentError, RetryableError } from '#runtime/consumer'
import { NOTHING_YET, type Question, type Storage, type StorageReader, type StoredRow } from '../storage.ts'
import { type Rows, type StorageRow, TABLES, type Table } from '../table.ts'
import type { Dialect } from '../views.ts'
import { buildInsert, migrate } from './migrate.ts'

export const SQLITE: Dialect = {
  types: { TEXT: 'TEXT', INTEGER: 'INTEGER', REAL: 'REAL', TIMESTAMP: 'TEXT', JSON: 'TEXT' },
  schema: '',
  eachMember: 'json_each',
  // As in PostgreSQL, also whole numbers are floating-point: sums of integers overflow, and clients cannot read all of them.
  number: field => {
    const [type, value] = field
      ? [`json_type(item.value, '$.${field}')`, `json_extract(item.value, '$.${field}')`]
      : ['item.type', 'item.value']
    const number = `CASE WHEN ${type} IN ('integer', 'real') THEN CAST(${value} AS REAL) END`
    return field ? `CASE item.type WHEN 'object' THEN ${number} END` : number
  },
  startOf: (window, column) =>
    window === 'hour' ? `substr(${column}, 1, 13) || ':00:00'` : `substr(${column}, 1, 10) || ' 00:00:00'`,
  secondsBetween: (from, to) => `round((julianday(${to}) - julianday(${from})) * 86400, 3)`,
  deviation: (value, mean) => `sqrt(avg((${value} - ${mean}) * (${value} - ${mean})))`,
  tableOptions: ' WITHOUT ROWID',
  // Such a table is its key.
  include: () => '',
  describe: () => [],
  replaceView: (name, query) => [`DROP VIEW IF EXISTS ${name}`, `CREATE VIEW ${name} AS ${query}`],
  more: [],
}

/** Time for which a busy file is tried again, and the pause between two attempts, in milliseconds. */
const PATIENCE_MS = 5_000
const PAUSE_MS = 20

export class SqliteStorage implements Storage, StorageReader {
  readonly location: string
  readonly #file: string
  #opened: Promise<OpenFile> | undefined

  constructor(file: string) {
    this.#file = file
    this.location = `sqlite:${file}`
  }

  async write(rows: Rows, existing: 'replace' | 'keep'): Promise<number> {
    const endMs = Date.now() + PATIENCE_MS
    while (true)
      try {
        const { db } = await this.#openCurrent()
        return writeAll(db, rows, existing)
      } catch (error) {
        // The pause leaves the event loop to the other partitions. SQLite's own timeout would block it.
        if (toCode(error) !== BUSY || Date.now() > endMs) throw await this.#toFailure(error)
        await pause(PAUSE_MS)
      }
  }

  async read(question: Question): Promise<readonly StoredRow[]> {
    const { text, values } = question(SQLITE)
    let db: DatabaseSync | undefined
    // Other requests take their turn between two questions.
    await pause(0)
    try {
      // Opened for each question, because the file may be replaced.
      db = new DatabaseSync(this.#file, { readOnly: true, timeout: 0 })
      return db.prepare(text).all(...values)
    } catch (error) {
      const { message, errcode = 0 } = error as SqliteError
      const isMissing = (errcode & 0xff) === CANNOT_OPEN || message.startsWith('no such table')
      const safeMessage = `${this.location}: ${isMissing ? NOTHING_YET : explain(errcode, message)}`
      throw new RetryableError(safeMessage, { cause: error, safeMessage })
    } finally {
      db?.close()
    }
  }

  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined)
    opened?.db.close()
    this.#opened = undefined
  }

  /** Returns the open file. A file that was removed or replaced since is opened anew: rows in the old one would be lost. */
  async #openCurrent(): Promise<OpenFile> {
    const opening = this.#opened
    const opened = await opening
    // Another write may have opened the file anew meanwhile.
    if (opened && opened.inode !== (await readInode(this.#file)) && this.#opened === opening) {
      this.#opened = undefined
      opened.db.close()
    }
    this.#opened ??= this.#open().catch(error => this.#forget(error))
    return this.#opened
  }

  async #open(): Promise<OpenFile> {
    // A new file is for its owner alone. SQLite gives its log the same mode. If it cannot be created, SQLite reports the reason.
    await open(this.#file, 'a', 0o600).then(
      file => file.close(),
      () => {},
    )
    const db = new DatabaseSync(this.#file, { timeout: 0 })
    try {
      // Without a sync for each transaction, only a loss of power can lose the last rows.
      db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE')
      const database = { prepare: (text: string) => prepareForKysely(db, text), close() {} }
      const kysely = new Kysely<unknown>({ dialect: new SqliteDialect({ database }) })
      // The transaction around the migrations keeps other processes from migrating at the same time.
      await migrate(kysely, SQLITE, this.location, { disableTransactions: true })
      db.exec('COMMIT')
      return { db, inode: await readInode(this.#file) }
    } catch (error) {
      db.close()
      throw error
    }
  }

  #forget(error: unknown): never {
    this.#opened = undefined
    throw error
  }

  async #toFailure(error: unknown): Promise<Error> {
    if (error instanceof RetryableError) return error
    const { message: text, errcode = 0 } = error as SqliteError
    const opened = errcode === TRIGGER ? await this.#opened : undefined
    // Sluice makes no triggers.
    const triggers = opened?.db.prepare(`SELECT name FROM sqlite_master WHERE type = 'trigger'`).all() ?? []
    const message =
      `${this.location}: ${explain(errcode, text)} ${triggers.map(trigger => trigger.name).join(', ')}`.trim()
    if (isOfRow(errcode, text)) return new PermanentError(message, message)
    // A file that could only be read when it was opened is never written through the same handle.
    await this.close()
    return new RetryableError(message, { cause: error, safeMessage: message })
  }
}

interface OpenFile {
  readonly db: DatabaseSync
  readonly inode: bigint | undefined
}

/** Returns the number by which the file system knows a file; undefined if there is no such file. */
async function readInode(file: string): Promise<bigint | undefined> {
  const found = await stat(file, { bigint: true }).catch(() => undefined)
  return found?.ino
}

function writeAll(db: DatabaseSync, rows: Rows, existing: 'replace' | 'keep'): number {
  db.exec('BEGIN IMMEDIATE')
  try {
    let written = 0
    for (const [table, own] of rows)
      written += insertRows(db, table, own, existing) * (table.isDerived ? 0 : 1)
    db.exec('COMMIT')
    return written
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

function insertRows(
  db: DatabaseSync,
  table: Table,
  rows: readonly StorageRow[],
  existing: 'replace' | 'keep',
): number {
  const { name, columns } = table
  const placeholders = `VALUES (${columns.map(() => '?').join(', ')})`
  const statement = db.prepare(buildInsert(table, name, placeholders, existing))
  const times = columns.flatMap(([, type], index) => (type === 'TIMESTAMP' ? [index] : []))
  let written = 0
  for (const row of rows) {
    const values = [...row]
    for (const index of times) values[index] = formatTime(values[index])
    written += Number(statement.run(...values).changes)
  }
  return written
}

/** Returns a time such as `2026-03-01 12:00:00.000`, which can be compared with the results of `datetime`. */
function formatTime(value: StorageRow[number] | undefined): string | null {
  return typeof value === 'number' ? new Date(value).toISOString().slice(0, -1).replace('T', ' ') : null
}

function prepareForKysely(db: DatabaseSync, text: string) {
  const statement = db.prepare(text)
  const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[]
  return {
    reader: statement.columns().length > 0,
    all: (parameters: readonly unknown[]) => statement.all(...values(parameters)),
    run: (parameters: readonly unknown[]) => statement.run(...values(parameters)),
    iterate: (parameters: readonly unknown[]) => statement.iterate(...values(parameters)),
  }
}

interface SqliteError extends Error {
  /** Extended result code of SQLite. */
  readonly errcode?: number
}

/** Returns SQLite's primary result code; 0 for another error. */
function toCode(error: unknown): number {
  return ((error as SqliteError).errcode ?? 0) & 0xff
}

const [BUSY, CANNOT_OPEN, TOO_BIG, CONSTRAINT, MISMATCH] = [5, 14, 18, 19, 20] as const
/** Extended result codes of constraints. */
const [NOT_NULL, TRIGGER] = [1299, 1811] as const
const KEYS = TABLES.flatMap(({ name, key }) => key.map(column => `${name}.${column}`))

/** Returns true if our definition of a table refuses a row. Other constraints, triggers and changes of the file are no fault of a row. */
function isOfRow(errcode: number, message: string): boolean {
  return errcode === TOO_BIG || (errcode === NOT_NULL && KEYS.some(key => message.endsWith(`: ${key}`)))
}

/** Returns the reason for an error, without data. */
function explain(errcode: number, message: string): string {
  const code = errcode & 0xff
  if (isOfRow(errcode, message)) return 'a key or the length of a value refuses the row.'
  if (errcode === TRIGGER) return `${WAITS} Refused by triggers:`
  if (code === CONSTRAINT || NAMES.test(message)) return `${message}. ${WAITS}`
  return REASONS[code] ?? `the statement failed with the code ${errcode}.`
}

const WAITS = 'The records wait. Undo this change of the file.'
/** Messages about a statement that have names alone. */
const NAMES =
  /^(no such (table|column): |table \S+ has no column |cannot (modify|INSERT) |ON CONFLICT clause does not)/

const REASONS: Readonly<Record<number, string>> = {
  [BUSY]: 'another process writes to the file. Close its transaction.',
  8: 'the file, or its -wal or -shm, is read-only.',
  10: 'the file cannot be read or written.',
  11: 'the file is damaged. Remove it, and fill a new one with `sluice etl`.',
  13: 'the disk is full.',
  [CANNOT_OPEN]: 'the file cannot be opened. Create its folder, or correct STORAGE_URL.',
  [MISMATCH]: `a type of the table refuses rows. ${WAITS}`,
  26: 'the file is not an SQLite database. Correct STORAGE_URL.',
}
