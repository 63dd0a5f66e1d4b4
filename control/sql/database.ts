/** In-memory database over the files of the history. Only this file uses DuckDB, which is loaded on demand. */
import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type {
  DuckDBConnection,
  DuckDBExtractedStatements,
  DuckDBInstance,
  DuckDBPreparedStatement,
} from '@duckdb/node-api'
import { HISTORY_TABLES, type HistoryTable, listColumns, ParquetFile } from '../../lib/history/index.ts'
import type { TypeSchema } from '../../lib/schemas/json-schema.ts'
import { OperationFailure } from '../../lib/support/operation-failure.ts'
import type { Families } from '../../lib/telemetry/index.ts'
import { type SqlValue, toPlainValue } from './plain-value.ts'
import {
  boundNumbers,
  createViews,
  dropOthers,
  MAX_MAGNITUDE,
  quoteLiteral,
  type RecordTimes,
  type SqlView,
  VIEWS,
} from './views.ts'

type DuckDB = typeof import('@duckdb/node-api')

/** Result of an SQL statement, with its rows as a stream. */
export interface SqlAnswer {
  readonly columns: readonly AnswerColumn[]
  rows(): AsyncIterable<readonly SqlValue[]>
}

export interface AnswerColumn {
  readonly name: string
  /** Name of the DuckDB type, such as TIMESTAMP. */
  readonly type: string
  readonly isNumber: boolean
}

/** Error for SQL that DuckDB rejects, or that fails during execution. */
export class SqlError extends Error {
  override readonly name = 'SqlError'
  /** Name of the table that does not exist; undefined for other errors. */
  readonly unknownTable: string | undefined

  constructor(message: string, { unknownTable, ...options }: ErrorOptions & { unknownTable?: string } = {}) {
    super(message, options)
    this.unknownTable = unknownTable
  }
}

const MEMORY = '1GB'
const SPILLED = '20GB'

/**
 * Settings that restrict SQL statements. Neither SQL from users nor values in the tables are trusted, so a statement must not read
 * or write files, access the network, load code, or change these settings.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  allow_community_extensions: 'false',
  allow_unsigned_extensions: 'false',
  memory_limit: MEMORY,
  max_temp_directory_size: SPILLED,
  threads: String(Math.min(4, availableParallelism())),
}
/** Statements that lock the settings. They must run after the views are defined. */
const LOCK = [`SET TimeZone = 'UTC'`, 'SET lock_configuration = true']

/**
 * Types of statements that users may run. DuckDB permits all access to the folder with the files, so statements that write files are
 * refused by their type. DuckDB itself rejects SET for its settings, but not for variables.
 */
const STATEMENTS =
  /^(SELECT|EXPLAIN|CREATE|CREATE_FUNC|INSERT|UPDATE|DELETE|MERGE_INTO|ALTER|DROP|ANALYZE|VACUUM|SET|VARIABLE_SET|TRANSACTION|CALL|RELATION)$/
/** Words of statements that could be run by EXPLAIN ANALYZE. */
const EXPLAINED = /\b(copy|export|import|attach|install|load)\b/i

/**
 * Query that detects logging and profiling. SQL functions can enable both despite the lock. If a statement does so, the session is
 * ended.
 */
const SWITCHES = `SELECT current_setting('enable_logging') OR current_setting('enable_profiling') IS NOT NULL`

/** Functions that end a statement if the squares of numbers are out of range. Their results are computed before the first row. */
const OVERFLOWING = /\b(stddev|var|skew|sem|corr|regr)/i
const OVERFLOW = / is out of range!/

const NUMBER = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL)/

const load = (): Promise<DuckDB> => import('@duckdb/node-api')

export class SqlDatabase {
  /** Folder for the files that can be queried. */
  readonly folder: string
  /** All views with their columns, also those that were not loaded. */
  views: readonly SqlView[] = []
  /** Views that were loaded. */
  #loadedViews: readonly SqlView[] = []
  readonly #duckdb: DuckDB
  readonly #instance: DuckDBInstance
  readonly #connection: DuckDBConnection
  #isSwitched = false

  private constructor(
    folder: string,
    duckdb: DuckDB,
    instance: DuckDBInstance,
    connection: DuckDBConnection,
  ) {
    this.folder = folder
    this.#duckdb = duckdb
    this.#instance = instance
    this.#connection = connection
  }

  /**
   * Opens an empty database.
   *
   * @param place private folder for files, which exists and is empty. No other file is accessible.
   * @param loadDuckDB loader of DuckDB, which tests replace
   * @throws OperationFailure if DuckDB is not available for this platform
   */
  static async open(place: string, loadDuckDB = load): Promise<SqlDatabase> {
    const duckdb = await loadDuckDB().catch(error => {
      throw new OperationFailure(describeMissing(error), { cause: error })
    })
    const folder = join(place, 'data')
    await mkdir(folder)
    const settings = { ...SETTINGS, temp_directory: join(place, 'spilled') }
    const instance = await duckdb.DuckDBInstance.create(':memory:', settings)
    const connection = await instance.connect()
    const closed = [
      `SET allowed_directories = [${quoteLiteral(`${folder}/`)}]`,
      'SET enable_external_access = false',
    ]
    const progress = ['SET enable_progress_bar = true', 'SET enable_progress_bar_print = false']
    for (const statement of [...closed, ...progress]) await connection.run(statement)
    return new SqlDatabase(folder, duckdb, instance, connection)
  }

  /** Share of the running statement that is complete, from 0 to 1; 0 if it is unknown. */
  get progress(): number {
    return Math.max(0, this.#connection.progress.percentage) / 100
  }

  /**
   * Creates the views.
   *
   * @param loaded files of the tables that were loaded
   * @param named views that the statements name. All other views are removed, because they would be empty.
   * @param brought see `createViews`
   */
  async complete(
    families: Families,
    loaded: ReadonlyMap<HistoryTable, readonly string[]>,
    times: RecordTimes,
    named: ReadonlySet<string>,
    brought: readonly TypeSchema[] = [],
  ): Promise<void> {
    const schemas = await writeSchemas(families, this.folder)
    const run = async (statements: readonly string[]) => {
      for (const statement of statements) await this.#runChecked(() => this.#connection.run(statement))
    }
    await run(createViews(families, loaded, schemas, times, brought))
    this.views = await this.#readViews()
    const kept = new Set<string>([...named, ...loaded.keys()])
    this.#loadedViews = this.views.filter(({ name }) => kept.has(name))
    await run([...dropOthers(kept), ...LOCK])
  }

  /**
   * Runs statements one after another. The rows of a result must be read before the next result is requested.
   *
   * @param notice receives a sentence if numbers are left out, because one of them would end the statement for all sensors
   * @throws SqlError if a statement fails. The results of all preceding statements are yielded first.
   */
  async *run(text: string, notice: (sentence: string) => void = () => {}): AsyncGenerator<SqlAnswer> {
    const statements = await this.#extractStatements(text)
    for (let index = 0; index < statements.count; index++) {
      const ask = async (extracted: DuckDBExtractedStatements) => {
        const prepared = await this.#runChecked(() => extracted.prepare(index))
        this.#refuseOthers(prepared, text)
        return this.#answer(prepared, OVERFLOWING.test(text))
      }
      const answer = await ask(statements).catch(async error => {
        if (!OVERFLOW.test(error.message)) throw error
        // A statement can be prepared once, so it is extracted again.
        const bounded = await this.#withBoundedViews(async () => ask(await this.#extractStatements(text)))
        notice(`The answer is without numbers beyond ±${MAX_MAGNITUDE}, whose squares are out of range.`)
        return bounded
      })
      if (answer) yield answer
      await this.#refuseSwitches()
    }
  }

  /** Works while the views are without large numbers. */
  async #withBoundedViews<T>(work: () => Promise<T>): Promise<T> {
    const run = (statement: string) => this.#runChecked(() => this.#connection.run(statement))
    for (const view of this.#loadedViews) await run(boundNumbers(view))
    try {
      return await work()
    } finally {
      for (const { name } of this.#loadedViews) await run(`DROP VIEW temp.${name}`)
    }
  }

  /** Interrupts a running statement. The statement then fails. */
  interrupt(): void {
    this.#connection.interrupt()
  }

  async #readViews(): Promise<readonly SqlView[]> {
    const reader = await this.#connection.runAndReadAll(
      'SELECT table_name, column_name, data_type FROM duckdb_columns() ORDER BY column_index',
    )
    const columns = reader.getRows().map(row => row.map(String))
    return VIEWS.map(view => ({
      name: view,
      columns: columns
        .filter(([table]) => table === view)
        .map(([, name = '', type = '']) => ({ name, type })),
    }))
  }

  /**
   * Closes the database. If logging was enabled, the database stays open until the process ends. Closing it could crash the
   * process, because the log cannot be written.
   */
  close(): void {
    if (this.#isSwitched) return
    this.#connection.closeSync()
    this.#instance.closeSync()
  }

  async #extractStatements(text: string): Promise<DuckDBExtractedStatements> {
    const statements = this.#connection.extractStatements(text).catch(error => {
      // DuckDB has no other message for a text without statements.
      throw (error as Error).message.endsWith('native callback') ? new Error('There is no statement.') : error
    })
    return this.#runChecked(() => statements)
  }

  #getType(prepared: DuckDBPreparedStatement): string {
    return this.#duckdb.StatementType[prepared.statementType] ?? ''
  }

  #refuseOthers(prepared: DuckDBPreparedStatement, text: string): void {
    const type = this.#getType(prepared)
    if (!STATEMENTS.test(type) || (type === 'EXPLAIN' && EXPLAINED.test(text)))
      throw new SqlError(`${type} statements like this cannot be used here: they could reach files`)
  }

  /** Runs DuckDB code, and converts all its errors to `SqlError`. DuckDB has no error classes. */
  async #runChecked<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      // Messages name objects of the history, not their local copies.
      throw toSqlError((error as Error).message.replaceAll(`${this.folder}/`, ''), error)
    }
  }

  async #refuseSwitches(): Promise<void> {
    const isOn = await this.#connection.runAndReadAll(SWITCHES).then(
      reader => reader.getRows()[0]?.[0] !== false,
      () => true,
    )
    if (!isOn) return
    this.#isSwitched = true
    throw new SqlError('logging and profiling of DuckDB cannot be switched on here')
  }

  /**
   * Returns the result of a statement; undefined for a statement without a result, such as CREATE TABLE.
   *
   * @param isWhole true if the result is computed before its first row is read
   */
  async #answer(prepared: DuckDBPreparedStatement, isWhole: boolean): Promise<SqlAnswer | undefined> {
    const result = await this.#runChecked(() => (isWhole ? prepared.run() : prepared.stream()))
    if (result.returnType !== this.#duckdb.ResultReturnType.QUERY_RESULT) return undefined
    const types = result.columnTypes().map(String)
    const columns = result
      .deduplicatedColumnNames()
      .map((name, index) => ({ name, type: types[index] ?? '', isNumber: NUMBER.test(types[index] ?? '') }))
    const chunks = result.yieldRows()
    const next = () => this.#runChecked(() => chunks.next())
    return {
      columns,
      async *rows() {
        for (let chunk = await next(); !chunk.done; chunk = await next())
          for (const row of chunk.value) yield row.map(toPlainValue)
      },
    }
  }
}

/** Writes an empty file with all columns for each table, because objects lack columns without values. */
async function writeSchemas(families: Families, folder: string): Promise<Record<HistoryTable, string>> {
  const files = HISTORY_TABLES.map(async table => {
    const file = join(folder, `${table}.parquet`)
    const empty = new ParquetFile(listColumns(families, table))
    empty.append({}, 0)
    await writeFile(file, empty.end())
    return [table, file] as const
  })
  return Object.fromEntries(await Promise.all(files)) as Record<HistoryTable, string>
}

/** Returns the error for a message of DuckDB, which has no error classes. */
function toSqlError(message: string, cause: unknown): SqlError {
  // DuckDB recommends settings that cannot be changed here.
  if (/^Out of Memory Error|max_temp_directory_size/.test(message))
    return new SqlError(
      `Out of memory: the query needs more than ${MEMORY} of memory and ${SPILLED} of temporary files. Select fewer rows or columns, or use --since.`,
      { cause },
    )
  if (OVERFLOW.test(message))
    return new SqlError(`${message} Leave out large numbers: WHERE abs(value) <= ${MAX_MAGNITUDE}`, { cause })
  const [, view] = /^Catalog Error: Table with name (\S+) does not exist!/.exec(message) ?? []
  if (VIEWS.some(name => name === view?.toLowerCase()))
    return new SqlError(`${view} was not loaded, because the statements do not contain its name as a word.`, {
      cause,
    })
  // DuckDB recommends its own tables, such as pg_enum.
  if (view)
    return new SqlError(message.replace(/(?<=!)\nDid you mean "[^"]*"\?/, ''), { cause, unknownTable: view })
  return new SqlError(message, { cause })
}

function describeMissing(error: unknown): string {
  const [reason] = (error as Error).message.split('\n')
  return (
    `\`sluice sql\` needs DuckDB, which is not installed for ${process.platform} ${process.arch}. Run \`npm ci\` on this machine, ` +
    `with optional packages (not with --omit=optional). If DuckDB has no package for it, \`sluice consume --json\` has the events. (${reason})`
  )
}
