/** In-memory database of alert events. Only this file uses DuckDB, which is loaded on demand. */
import type {
  DuckDBAppender,
  DuckDBConnection,
  DuckDBInstance,
  DuckDBMapValue,
  DuckDBPreparedStatement,
} from '@duckdb/node-api'
import { OperationFailure } from '../failure.ts'
import { DATETIME } from './datetime.ts'
import type { AlertEvent } from './event.ts'
import { CREATE_LOADED, CREATE_TABLES, EVENT_COLUMNS, type EventColumn, LOADED } from './tables.ts'
import { plainValue, type Value } from './value.ts'

type DuckDB = typeof import('@duckdb/node-api')

/** Result of an SQL statement, with its rows as a stream. */
export interface Answer {
  readonly columns: readonly AnswerColumn[]
  rows(): AsyncIterable<readonly Value[]>
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
}

/**
 * Settings that restrict SQL statements. Neither SQL from users nor values in the tables are trusted, so a statement must not read
 * or write files, access the network, load code, or change these settings.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  allow_community_extensions: 'false',
  memory_limit: '1GB',
  temp_directory: '',
  max_temp_directory_size: '0KiB',
  threads: '2',
  allow_unsigned_extensions: 'false',
  // This setting must be last. After it, DuckDB rejects every path setting, even an empty path.
  enable_external_access: 'false',
}
/** Statements that lock the settings. They must run after the macros are defined. */
const LOCK = [`SET TimeZone = 'UTC'`, 'SET lock_configuration = true']

/**
 * Query that detects logging and profiling. SQL functions can enable both despite the lock. If a statement does so, the session is
 * ended.
 */
const SWITCHES = `SELECT current_setting('enable_logging') OR current_setting('enable_profiling') IS NOT NULL`

const NUMBER = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL)/

const load = (): Promise<DuckDB> => import('@duckdb/node-api')

export class AlertDatabase {
  readonly #duckdb: DuckDB
  readonly #instance: DuckDBInstance
  readonly #connection: DuckDBConnection
  readonly #appender: DuckDBAppender
  #isSwitched = false

  private constructor(
    duckdb: DuckDB,
    instance: DuckDBInstance,
    connection: DuckDBConnection,
    appender: DuckDBAppender,
  ) {
    this.#duckdb = duckdb
    this.#instance = instance
    this.#connection = connection
    this.#appender = appender
  }

  /**
   * Opens an empty database.
   *
   * @param loadDuckDB loader of DuckDB, which tests replace
   * @throws OperationFailure if DuckDB is not available for this platform
   */
  static async open(loadDuckDB = load): Promise<AlertDatabase> {
    const duckdb = await loadDuckDB().catch(error => {
      throw new OperationFailure(missing(error), { cause: error })
    })
    const instance = await duckdb.DuckDBInstance.create(':memory:', { ...SETTINGS })
    const connection = await instance.connect()
    for (const statement of [...DATETIME, CREATE_LOADED, ...LOCK]) await connection.run(statement)
    return new AlertDatabase(duckdb, instance, connection, await connection.createAppender(LOADED))
  }

  /**
   * Adds an event.
   *
   * @throws OperationFailure if the memory limit is reached
   */
  add(event: AlertEvent): void {
    try {
      for (const column of EVENT_COLUMNS) this.#append(column, event)
      this.#appender.endRow()
    } catch (error) {
      throw loadFailure(error)
    }
  }

  /**
   * Creates the tables from the added events. No events can be added afterwards.
   *
   * @throws OperationFailure if the memory limit is reached
   */
  async complete(): Promise<void> {
    try {
      this.#appender.closeSync()
      for (const statement of CREATE_TABLES) await this.#connection.run(statement)
    } catch (error) {
      throw loadFailure(error)
    }
  }

  /**
   * Runs statements one after another. The rows of a result must be read before the next result is requested.
   *
   * @throws SqlError if a statement fails. The results of all preceding statements are yielded first.
   */
  async *run(text: string): AsyncGenerator<Answer> {
    const statements = await sql(() => this.#connection.extractStatements(text))
    for (let index = 0; index < statements.count; index++) {
      const prepared = await sql(() => statements.prepare(index))
      const answer = await this.#answer(prepared)
      if (answer) yield answer
      await this.#refuseSwitches()
    }
  }

  /** Interrupts a running statement. The statement then fails. */
  interrupt(): void {
    this.#connection.interrupt()
  }

  /** Returns a description of each table, such as `alert_log(alert_type, alert_ts, …)`. */
  async describe(): Promise<readonly string[]> {
    const reader = await this.#connection.runAndReadAll(
      `SELECT table_name || '(' || string_agg(column_name, ', ' ORDER BY column_index) || ')' FROM duckdb_columns()
        WHERE table_name IN ('alert_log', 'alert_events') GROUP BY table_name ORDER BY table_name DESC`,
    )
    return reader.getRows().map(([text]) => String(text))
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

  async #refuseSwitches(): Promise<void> {
    const isOn = await this.#connection.runAndReadAll(SWITCHES).then(
      reader => reader.getRows()[0]?.[0] !== false,
      () => true,
    )
    if (!isOn) return
    this.#isSwitched = true
    throw new SqlError('logging and profiling of DuckDB cannot be switched on here')
  }

  /** Returns the result of a statement; undefined for a statement without a result, such as CREATE TABLE. */
  async #answer(prepared: DuckDBPreparedStatement): Promise<Answer | undefined> {
    const result = await sql(() => prepared.stream())
    if (result.returnType !== this.#duckdb.ResultReturnType.QUERY_RESULT) return undefined
    const types = result.columnTypes().map(String)
    const columns = result
      .deduplicatedColumnNames()
      .map((name, index) => ({ name, type: types[index] ?? '', isNumber: NUMBER.test(types[index] ?? '') }))
    const chunks = result.yieldRows()
    return {
      columns,
      async *rows() {
        for (let chunk = await sql(() => chunks.next()); !chunk.done; chunk = await sql(() => chunks.next()))
          for (const row of chunk.value) yield row.map(plainValue)
      },
    }
  }

  #append({ type, of }: EventColumn, event: AlertEvent): void {
    const value = of(event)
    const appender = this.#appender
    const { MAP, VARCHAR } = this.#duckdb
    if (value === null) appender.appendNull()
    else if (type === 'DOUBLE') appender.appendDouble(Number(value))
    else if (type === 'INTEGER') appender.appendInteger(Number(value))
    else if (type === 'BIGINT') appender.appendBigInt(BigInt(Number(value)))
    else if (type === 'TIMESTAMP')
      appender.appendTimestamp(
        new this.#duckdb.DuckDBTimestampValue(BigInt(Math.round(Number(value) * 1000))),
      )
    else if (typeof value === 'object') appender.appendMap(this.#mapOf(value), MAP(VARCHAR, VARCHAR))
    else appender.appendVarchar(String(value))
  }

  #mapOf(labels: Readonly<Record<string, string>>): DuckDBMapValue {
    return this.#duckdb.mapValue(Object.entries(labels).map(([key, value]) => ({ key, value })))
  }
}

/** Runs DuckDB code, and converts all its errors to `SqlError`. DuckDB has no error classes. */
async function sql<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new SqlError((error as Error).message, { cause: error })
  }
}

function loadFailure(error: unknown): unknown {
  if (!/out of memory/i.test((error as Error).message)) return error
  const much = `The alert events exceed the memory limit of ${SETTINGS.memory_limit}`
  return new OperationFailure(`${much}: select fewer with --since or --until.`, { cause: error })
}

function missing(error: unknown): string {
  const [reason] = (error as Error).message.split('\n')
  return (
    `\`sluice alerts sql\` needs DuckDB, which is not installed for ${process.platform} ${process.arch}. Run \`npm ci\` on this machine, ` +
    `with optional packages (not with --omit=optional). If DuckDB has no package for it, \`sluice tail alerts --json\` has the events. (${reason})`
  )
}
