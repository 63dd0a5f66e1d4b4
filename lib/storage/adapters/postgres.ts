/** Storage in PostgreSQL. Rows are loaded with COPY into a temporary table, and written from there in the same transaction. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Kysely, PostgresDialect } from 'kysely'
import { Client, type ClientConfig, Pool, type PoolClient, type PoolConfig } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { PermanentError, RetryableError } from '#runtime/consumer/index.ts'
import type { Storage } from '../storage.ts'
import { type Column, type Row, type Rows, TABLES, type Table } from '../table.ts'
import { buildViews, type Dialect, quoteNames } from '../views.ts'
import { buildInsert, migrate } from './migrate.ts'
import { DATETIME } from './postgres-datetime.ts'

const SCHEMA = 'sluice'

const DIALECT: Omit<Dialect, 'more'> = {
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
  // Replaced in place, views keep the rights that others have on them, and views that are built on them.
  replaceView: (name, query) => [`CREATE OR REPLACE VIEW ${SCHEMA}.${name} AS ${query}`],
}

export const POSTGRES: Dialect = {
  ...DIALECT,
  more: [
    ...TABLES.flatMap(table => describeObject('TABLE', table)),
    ...buildViews({ ...DIALECT, more: [] }).flatMap(view => describeObject('VIEW', view)),
    ...DATETIME,
  ],
}

/** Returns the statements that store the descriptions of a table or view, and of its columns. */
function describeObject(
  kind: 'TABLE' | 'VIEW',
  { name, description, columns }: Table | ReturnType<typeof buildViews>[number],
): string[] {
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

/** Client whose limit for connecting is its own: that of the pool also counts while all connections are in use. */
class ConnectingClient extends Client {
  constructor(config?: string | ClientConfig) {
    super({ ...(config as ClientConfig), connectionTimeoutMillis: CONNECT_MS })
  }
}

export const POOL: PoolConfig = { max: CONNECTIONS, ...LIMITS, Client: ConnectingClient }

export class PostgresStorage implements Storage {
  readonly location: string
  readonly #user: string
  readonly #pool: Pool
  #migrated: Promise<void> | undefined

  /** @param url address of the database; `sslmode` in it selects TLS */
  constructor(url: string) {
    const { hostname, port, pathname, username } = new URL(url)
    this.#user = decodeURIComponent(username)
    this.location = `postgresql://${this.#user && `${this.#user}@`}${hostname}:${port || 5432}${pathname}`
    this.#pool = new Pool({
      connectionString: url,
      application_name: 'sluice-storage',
      allowExitOnIdle: true,
      ...POOL,
    })
    // The pool removes a lost connection, and the next query gets another one.
    this.#pool.on('error', () => {})
  }

  async write(rows: Rows, existing: 'replace' | 'keep'): Promise<number> {
    try {
      this.#migrated ??= this.#migrate()
      await this.#migrated
      return await this.#transaction(async client => {
        let written = 0
        for (const [table, own] of rows) written += await loadRows(client, table, own, existing)
        return written
      })
    } catch (error) {
      throw this.#toFailure(error as Error & { code?: string })
    }
  }

  async close(): Promise<void> {
    await this.#pool.end().catch(() => {})
  }

  async #migrate(): Promise<void> {
    try {
      const pool = { connect: () => this.#pool.connect(), end: async () => {}, options: {} }
      const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: pool as never }) })
      await migrate(db, POSTGRES, this.location, { migrationTableSchema: SCHEMA })
    } catch (error) {
      this.#migrated = undefined
      throw error
    }
  }

  async #transaction<Result>(work: (client: PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.#pool.connect()
    let failed: Error | undefined
    try {
      await client.query('BEGIN')
      const result = await work(client)
      await client.query('COMMIT')
      return result
    } catch (error) {
      failed = error as Error
      throw error
    } finally {
      // A connection in an unknown state is closed, which also ends its transaction.
      client.release(failed)
    }
  }

  /** Returns an error without the message of the server, which can quote values. */
  #toFailure(error: Error & { code?: string }): Error {
    if (error instanceof RetryableError) return error
    const { code = '' } = error
    const message = `${this.location}: ${explain(error).replace('{user}', this.#user)}`
    if (!REFUSED.test(code)) return new RetryableError(message, { cause: error, safeMessage: message })
    return new PermanentError(message, message)
  }
}

async function loadRows(
  client: PoolClient,
  table: Table,
  rows: readonly Row[],
  existing: 'replace' | 'keep',
): Promise<number> {
  const { name, columns } = table
  const [target, staged] = [`${SCHEMA}.${name}`, `staged_${name}`]
  const names = quoteNames(columns.map(([column]) => column))
  await client.query(`CREATE TEMP TABLE IF NOT EXISTS ${staged} (LIKE ${target}) ON COMMIT DELETE ROWS`)
  const stream = client.query(copyFrom(`COPY ${staged} (${names}) FROM STDIN`))
  await pipeline(Readable.from([rows.map(row => formatCopyLine(columns, row)).join('')]), stream)
  const insert = buildInsert(table, target, `SELECT ${names} FROM ${staged}`, existing)
  return (await client.query(insert)).rowCount ?? 0
}

function formatCopyLine(columns: readonly Column[], row: Row): string {
  let line = ''
  for (const [index, [, type]] of columns.entries())
    line += (index === 0 ? '' : '\t') + formatCopyValue(row[index] ?? null, type)
  return `${line}\n`
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

/** Returns a value in the text format of COPY. */
function formatCopyValue(value: Row[number], type: Column[1]): string {
  if (value === null) return '\\N'
  if (type === 'TIMESTAMP') return new Date(Number(value)).toISOString()
  return typeof value === 'number'
    ? String(value)
    : value.replaceAll(/[\\\t\n\r]/g, one => ESCAPES[one] ?? one)
}

/** SQLSTATE of a refused row: its data, a constraint, or a limit of the server. */
const REFUSED = /^(22|23|54)/

/** Returns the reason for a failure, in which `{user}` stands for the user. */
export function explain({ code = '', message, name }: Error & { readonly code?: string }): string {
  const found = REASONS.find(([codes]) => codes.test(code) || codes.test(message))
  return found?.[1] ?? `the statement failed with the code ${code || name}.`
}

/** Reasons for failures, by the SQLSTATE, the code of Node or the message of the client. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^23/, 'a constraint of the table refuses the row.'],
  [/^(22|54)/, 'the server refuses a value of the row.'],
  [/^28/, 'the password or the user is wrong. Correct STORAGE_URL and the secret STORAGE_SECRET.'],
  [/^3D000$/, 'the database does not exist. Create it, or correct STORAGE_URL.'],
  [
    /^42501$/,
    'the user {user} lacks rights. It must own the schema sluice, or be granted CREATE on the database.',
  ],
  [/^25006$/, 'the server is read-only. Use the address of the primary server.'],
  [/^53100$/, 'the disk of the server is full.'],
  [
    /^timeout exceeded when trying to connect$/,
    `other partitions have used all connections for ${LIMITS.connectionTimeoutMillis / 1000} seconds, because the server is slow. The records wait.`,
  ],
  [
    /SSL|^(DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_VERIFY|CERT_|ERR_TLS)|certificate/,
    'the TLS connection failed. Check sslmode and sslrootcert in STORAGE_URL.',
  ],
  [
    /^(E(CONN|NOTFOUND|AI_AGAIN|TIMEDOUT|HOST|NET|PIPE)|57P0|53300|08)|timeout|[Cc]onnection|not queryable/,
    'the server cannot be reached or has ended the connection. Start it, or correct STORAGE_URL.',
  ],
]
