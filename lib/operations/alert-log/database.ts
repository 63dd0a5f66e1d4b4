/** A database in memory that holds the alert log. The only file that knows DuckDB, which it loads when it is asked. */
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

/** Result of a statement, row by row. */
export interface Answer {
  readonly columns: readonly AnswerColumn[]
  rows(): AsyncIterable<readonly Value[]>
}

export interface AnswerColumn {
  readonly name: string
  /** DuckDB's name of the type, such as TIMESTAMP. */
  readonly type: string
  readonly isNumber: boolean
}

/** SQL that DuckDB refuses, or that fails. */
export class SqlError extends Error {
  override readonly name = 'SqlError'
}

/**
 * SQL comes from people, and values in the tables from anywhere: no statement may read or write a file, reach the network, load code,
 * or lift these limits.
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
  // The last: after it, DuckDB lets no path be set, not even an empty one.
  enable_external_access: 'false',
}
/** After the macros are there. */
const LOCK = [`SET TimeZone = 'UTC'`, 'SET lock_configuration = true']

/** Logging and profiling are switched by functions as well, which no lock holds: a statement that does so ends the session. */
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
   * @param loadDuckDB replaced by tests
   * @throws OperationFailure if DuckDB is not installed for this platform
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

  /** Adds an event. @throws OperationFailure if the memory is used up */
  add(event: AlertEvent): void {
    try {
      for (const column of EVENT_COLUMNS) this.#append(column, event)
      this.#appender.endRow()
    } catch (error) {
      throw loadFailure(error)
    }
  }

  /** Makes the tables of the added records. Nothing can be added any more. @throws OperationFailure if the memory is used up */
  async complete(): Promise<void> {
    try {
      this.#appender.closeSync()
      for (const statement of CREATE_TABLES) await this.#connection.run(statement)
    } catch (error) {
      throw loadFailure(error)
    }
  }

  /**
   * Runs statements one after another. The rows of an answer must be read before the next answer is asked for.
   *
   * @throws SqlError; the answers before it were given
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

  /** Ends a running statement, which then fails. */
  interrupt(): void {
    this.#connection.interrupt()
  }

  /** The tables with their columns, for people: `alert_log(alert_type, alert_ts, …)`. */
  async describe(): Promise<readonly string[]> {
    const reader = await this.#connection.runAndReadAll(
      `SELECT table_name || '(' || string_agg(column_name, ', ' ORDER BY column_index) || ')' FROM duckdb_columns()
        WHERE table_name IN ('alert_log', 'alert_events') GROUP BY table_name ORDER BY table_name DESC`,
    )
    return reader.getRows().map(([text]) => String(text))
  }

  /** A log that cannot be written would end the process now: such a database ends with it. */
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

  /** Undefined if the statement has no answer, as CREATE TABLE. */
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

/** Errors of DuckDB have no class of their own. */
async function sql<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new SqlError((error as Error).message, { cause: error })
  }
}

function loadFailure(error: unknown): unknown {
  if (!/out of memory/i.test((error as Error).message)) return error
  const much = `The alert events do not fit into the ${SETTINGS.memory_limit} that DuckDB has here`
  return new OperationFailure(`${much}: take fewer of them, with --since or --until.`, { cause: error })
}

function missing(error: unknown): string {
  const [reason] = (error as Error).message.split('\n')
  return (
    `\`sluice alerts sql\` needs DuckDB, which is not installed for ${process.platform} ${process.arch}. Run \`npm ci\` on this machine, ` +
    `with optional packages (not with --omit=optional). If DuckDB has no package for it, \`sluice tail alerts --json\` has the events. (${reason})`
  )
}
