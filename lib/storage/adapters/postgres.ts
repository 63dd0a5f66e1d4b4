/**
 * Storage in PostgreSQL. The rows of a table are one statement, whose parameters are the columns. Settings are those of a transaction, so
 * that a pooler of connections may stand between.
 */
import { Kysely, PostgresAdapter, PostgresDialect } from 'kysely'
import { Client, type ClientConfig, Connection, Pool, type PoolClient, type PoolConfig } from 'pg'
import { PermanentError, RetryableError } from '#runtime/consumer'
import { MIGRATIONS } from '../migrations.ts'
import type { Question, Storage, StorageReader, StoredRow } from '../storage.ts'
import type { Rows, StorageColumn, StorageRow, Table } from '../table.ts'
import { type Dialect, quoteNames, type View } from '../views.ts'
import { buildInsert, migrate } from './migrate.ts'
import { DATETIME } from './postgres-datetime.ts'
import {
  canBeOfRow,
  endsSession,
  explain,
  explainRead,
  isUnnamed,
  type PostgresError,
  READ_MS,
  SERVER_LIMITS,
} from './postgres-failures.ts'

const SCHEMA = 'sluice'

export const POSTGRES: Dialect = {
  types: {
    TEXT: 'text',
    INTEGER: 'bigint',
    REAL: 'double precision',
    TIMESTAMP: 'timestamptz',
    JSON: 'jsonb',
  },
  schema: `${SCHEMA}.`,
  eachMember: 'jsonb_each',
  number: field => {
    const value = `item.value${field === undefined ? '' : `->'${field}'`}`
    return `CASE jsonb_typeof(${value}) WHEN 'number' THEN (${value})::double precision END`
  },
  startOf: (window, column) => `date_trunc('${window}', ${column}, 'UTC')`,
  secondsBetween: (from, to) => `extract(epoch FROM ${to} - ${from})::double precision`,
  deviation: value => `stddev_pop(${value})`,
  tableOptions: '',
  include: names => ` INCLUDE (${names})`,
  describe,
  // Replaced in place, views keep the rights that others have on them, and views that are built on them.
  replaceView: (name, query) => [`CREATE OR REPLACE VIEW ${SCHEMA}.${name} AS ${query}`],
  more: DATETIME,
}

/** Returns the statements that store the descriptions of a table or view, and of its columns. */
function describe(kind: 'TABLE' | 'VIEW', { name, description, columns }: Table | View): string[] {
  const literal = (text: string) => `'${text.replaceAll("'", "''")}'`
  return [
    `COMMENT ON ${kind} ${SCHEMA}.${name} IS ${literal(description)}`,
    ...columns.map(
      ([column, , text]) => `COMMENT ON COLUMN ${SCHEMA}.${name}."${column}" IS ${literal(text)}`,
    ),
  ]
}

/** Largest number of connections of an instance of the function. */
const CONNECTIONS = 2
/** Time limits in milliseconds. All partitions of an invocation share the connections, so a partition waits for its turn. */
const CONNECT_MS = 5_000
const LIMITS = { connectionTimeoutMillis: 20_000, query_timeout: 10_000, idleTimeoutMillis: 30_000 }
const CANCEL_MS = 1_000

/**
 * Begins a transaction with the limits of the server. Poolers refuse them as parameters of a connection. The last one ends the session
 * of a client that has vanished.
 */
const begin = (mode: string, limits: object = {}) =>
  Object.entries({
    ...SERVER_LIMITS,
    idle_in_transaction_session_timeout: LIMITS.query_timeout,
    ...limits,
  }).reduce((text, [name, ms]) => `${text}; SET LOCAL ${name} = ${ms}`, mode)
const BEGIN = begin('BEGIN')
const BEGIN_READING = begin('BEGIN READ ONLY', { statement_timeout: READ_MS })

/** Client whose limit for connecting is its own: that of the pool also counts while all connections are in use. */
class ConnectingClient extends Client {
  constructor({ readUrl, ...config }: ClientConfig & { readonly readUrl?: () => Promise<string> } = {}) {
    super({ ...config, connectionTimeoutMillis: CONNECT_MS })
    const readPassword = readUrl && (async () => decodeURIComponent(new URL(await readUrl()).password))
    if (this.password && readPassword) Object.assign(this, { password: readPassword })
    // A lost connection fails the statement. Without a listener, its event would also end the process.
    this.on('error', () => {})
  }
}

export const POOL: PoolConfig = { max: CONNECTIONS, ...LIMITS, Client: ConnectingClient }

export class PostgresStorage implements Storage, StorageReader {
  readonly location: string
  readonly #user: string
  readonly #pool: Pool
  #migrated: Promise<void> | undefined

  /** @param readUrl returns `url`, in which `sslmode` selects TLS, with the present password for a new connection */
  constructor(url: string, readUrl?: () => Promise<string>) {
    const { hostname, port, pathname, username } = new URL(url)
    this.#user = decodeURIComponent(username)
    this.location = `postgresql://${this.#user && `${this.#user}@`}${hostname}:${port || 5432}${pathname}`
    this.#pool = new Pool({
      connectionString: url,
      application_name: 'sluice-storage',
      allowExitOnIdle: true,
      ...POOL,
      ...{ readUrl },
    })
    // The pool removes a lost connection, and the next query gets another one.
    this.#pool.on('error', () => {})
  }

  async write(rows: Rows, existing: 'replace' | 'keep'): Promise<number> {
    try {
      this.#migrated ??= this.#transaction(client => migrateTables(client, this.location))
      await this.#migrated
      return await this.#transaction(async client => {
        let written = 0
        for (const [table, own] of rows)
          written += (await insertRows(client, table, own, existing)) * (table.isDerived ? 0 : 1)
        return written
      })
    } catch (error) {
      throw await this.#toFailure(error as PostgresError, rows)
    }
  }

  async read(question: Question): Promise<readonly StoredRow[]> {
    const { text, values } = question(POSTGRES)
    let count = 0
    const numbered = text.replaceAll('?', () => `$${++count}`)
    try {
      return (await this.#transaction(client => client.query(numbered, [...values]), BEGIN_READING)).rows
    } catch (error) {
      const safeMessage = `${this.location}: ${explainRead(error as PostgresError, this.#user)}`
      throw new RetryableError(safeMessage, { cause: error, safeMessage })
    }
  }

  async close(): Promise<void> {
    await this.#pool.end().catch(() => {})
  }

  async #transaction<Result>(work: (client: PoolClient) => Promise<Result>, begin = BEGIN): Promise<Result> {
    const client = await this.#pool.connect()
    let lost: Error | undefined
    try {
      await client.query(begin)
      const result = await work(client)
      await client.query('COMMIT')
      return result
    } catch (error) {
      lost = await rollBack(client, error as PostgresError)
      throw error
    } finally {
      client.release(lost)
    }
  }

  /** Returns an error without the message of the server, which can quote values. */
  async #toFailure(error: PostgresError, rows: Rows): Promise<Error> {
    const isOfRow =
      canBeOfRow(error) && (await this.#transaction(client => refusesValue(client, rows)).catch(canBeOfRow))
    if (isOfRow) {
      const message = `${this.location}: the type of a column or its key refuses a value of the row (SQLSTATE ${error.code}).`
      return new PermanentError(message, message)
    }
    // The tables can be missing, or have been dropped with their schema: look for them again.
    this.#migrated = undefined
    if (error instanceof RetryableError) return error
    const others = isUnnamed(error)
      ? await this.#transaction(client => listOthers(client, rows)).catch(() => [])
      : []
    const message = `${this.location}: ${explain(error, this.#user, others)}`
    return new RetryableError(message, { cause: error, safeMessage: message })
  }
}

/**
 * Ends a failed transaction. Without an answer, the connection is in an unknown state, and the server may still work for it.
 *
 * @returns the error for which the connection must be closed
 */
async function rollBack(client: PoolClient, error: PostgresError): Promise<Error | undefined> {
  if (error.severity === undefined) await cancelStatement(client as unknown as Session)
  else if (!endsSession(error))
    return client.query('ROLLBACK').then(
      () => undefined,
      cause => cause,
    )
  return error
}

/** Members that the types of the client and its connections lack. */
type Session = Pick<ClientConfig, 'ssl'> &
  Record<'processID' | 'secretKey' | 'port', number> & { readonly host: string }
type Canceller = Connection & Record<'connect' | 'requestSsl' | 'cancel', (...values: unknown[]) => void>

/** Asks the server to end the statement of a session, over a connection of its own. The server closes it, and has no session for it. */
async function cancelStatement({ host, port, ssl, processID, secretKey }: Session): Promise<void> {
  const connection = new Connection({ ssl }) as Canceller
  const closed = Promise.withResolvers<void>()
  const timer = setTimeout(closed.resolve, CANCEL_MS)
  connection.on('error', closed.resolve).on('end', closed.resolve)
  connection.on('connect', () => ssl && connection.requestSsl())
  connection.on(ssl ? 'sslconnect' : 'connect', () => connection.cancel(processID, secretKey))
  connection.connect(port, host)
  await closed.promise
  clearTimeout(timer)
  connection.stream.destroy()
}

/** Encodings that can store all texts. With any other one, the server refuses values that are not at fault. */
const ENCODINGS = ['UTF8', 'SQL_ASCII']

/** Creates or migrates tables and views. Writers that have to do so take turns by a lock, which any session can hold. */
async function migrateTables(client: PoolClient, location: string): Promise<void> {
  const { encoding } = (await client.query(`SELECT current_setting('server_encoding') AS encoding`)).rows[0]
  if (!ENCODINGS.includes(encoding)) {
    const safeMessage = `${location}: the database has the encoding ${encoding}, which lacks most characters. The records wait. Use a database with ENCODING 'UTF8'.`
    throw new RetryableError(safeMessage, { safeMessage })
  }
  if (await isMigrated(client)) return
  await client.query(`SELECT pg_advisory_xact_lock(hashtext('${SCHEMA}'))`)
  let first: unknown
  // Kysely continues after some errors. The transaction has failed then, so the first error is the reason.
  const fail = (error: unknown) => {
    first ??= error
    throw first
  }
  const query = (text: string, values: unknown[]) => client.query(text, values).catch(fail)
  const pool = { connect: async () => ({ query, release() {} }), end: async () => {}, options: {} }
  const db = new Kysely<unknown>({ dialect: new MigrationDialect({ pool: pool as never }) })
  await migrate(db, POSTGRES, location, { migrationTableSchema: SCHEMA, disableTransactions: true })
}

/** Returns true if exactly the migrations of this version are recorded. */
async function isMigrated(client: PoolClient): Promise<boolean> {
  const table = `${SCHEMA}.kysely_migration`
  const { rows: found } = await client.query('SELECT to_regclass($1) AS id', [table])
  if (!found[0]?.id) return false
  const { rows } = await client.query(`SELECT name FROM ${table} ORDER BY name`)
  return String(rows.map(({ name }) => name)) === String(MIGRATIONS)
}

/** Dialect without the lock of Kysely, which belongs to a session: a failed transaction would leave it behind. */
class MigrationDialect extends PostgresDialect {
  override createAdapter(): PostgresAdapter {
    const lock = async () => {}
    return Object.assign(new PostgresAdapter(), { acquireMigrationLock: lock, releaseMigrationLock: lock })
  }
}

async function insertRows(
  client: PoolClient,
  table: Table,
  rows: readonly StorageRow[],
  existing: 'replace' | 'keep',
): Promise<number> {
  const names = quoteNames(table.columns.map(([column]) => column))
  const insert = buildInsert(table, toTarget(table), `SELECT ${names} FROM ${stage(table)}`, existing)
  return (await client.query(insert, toParameters(table, rows))).rowCount ?? 0
}

function toTarget({ name }: Table): string {
  return `${SCHEMA}.${name}`
}

/** Returns the rows in the parameters as a table with our columns and types. It knows nothing of the stored table. */
function stage({ columns }: Table): string {
  const parameters = columns.map(([, type], index) => `$${index + 1}::${POSTGRES.types[type]}[]`)
  return `unnest(${parameters.join(', ')}) AS staged (${quoteNames(columns.map(([column]) => column))})`
}

/** Returns the values of each column. */
function toParameters({ columns }: Table, rows: readonly StorageRow[]): StorageRow[] {
  return columns.map(([, type], index) => rows.map(row => formatValue(row[index] ?? null, type)))
}

function formatValue(value: StorageRow[number], type: StorageColumn[1]): StorageRow[number] {
  return type === 'TIMESTAMP' && value !== null ? new Date(Number(value)).toISOString() : value
}

/** Returns true if a key refuses a value, regardless of the stored tables. If a type does, the statement fails. */
async function refusesValue(client: PoolClient, rows: Rows): Promise<boolean> {
  for (const [table, own] of rows) {
    const check = `SELECT FROM ${stage(table)} WHERE (${quoteNames(table.key)}) IS NOT NULL`
    if ((await client.query(check, toParameters(table, own))).rowCount !== own.length) return true
  }
  return false
}

/** Lists triggers and columns of the tables that are not as Sluice has made them. */
async function listOthers(client: PoolClient, rows: Rows): Promise<string[]> {
  const found: string[] = []
  for (const table of rows.keys()) {
    const own = table.columns.map(([name, type]) => `column ${name} ${POSTGRES.types[type]}`)
    const objects = (await client.query(OBJECTS, [toTarget(table)])).rows.map(({ object }) => object)
    found.push(...objects.filter(object => !own.includes(object)))
  }
  return found
}

const OBJECTS = `SELECT 'trigger ' || tgname AS object FROM pg_trigger WHERE tgrelid = to_regclass($1) AND NOT tgisinternal
  UNION ALL SELECT format('column %s %s', attname, replace(format_type(atttypid, atttypmod), 'timestamp with time zone', 'timestamptz'))
    FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`
