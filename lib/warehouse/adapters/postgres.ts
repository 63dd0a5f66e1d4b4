/**
 * Warehouse in PostgreSQL. Rows are loaded with COPY into a temporary table, merged with those that exist, and written with the
 * watermark in one transaction.
 */

import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Kysely, PostgresDialect } from 'kysely'
import { Client, types as parsers } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { type Mart, type MartRow, type MartType, mergeRows } from '../mart.ts'
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
  SHOWN,
  shownColumns,
  toWatermark,
  upsert,
  watermarkValues,
  writeWatermark,
} from './common-sql.ts'

const SCHEMA = 'sluice'
/** Schema with the views for tools that people use. */
const VIEWS = 'sluice_bi'
/** Key of the advisory lock that serializes the steps of concurrent runs. */
const LOCK = 7_583_492

export const POSTGRES: Dialect = {
  types: {
    TEXT: 'text',
    INTEGER: 'bigint',
    REAL: 'double precision',
    TIMESTAMP: 'timestamptz',
    JSON: 'jsonb',
  },
  schema: `${SCHEMA}.`,
  more: [
    `CREATE SCHEMA ${VIEWS}`,
    ...SHOWN.flatMap(({ name, description, columns }) => [
      `CREATE VIEW ${VIEWS}.${name} AS SELECT * FROM ${SCHEMA}.${name}`,
      `COMMENT ON VIEW ${VIEWS}.${name} IS ${literal(description)}`,
      ...columns.map(
        ([column, , text]) => `COMMENT ON COLUMN ${VIEWS}.${name}."${column}" IS ${literal(text)}`,
      ),
    ]),
    // The statements of `sluice sql` use SQLite's function.
    `CREATE FUNCTION ${VIEWS}.datetime(timevalue text, modifier text DEFAULT '+0 days') RETURNS timestamptz LANGUAGE sql STABLE AS
      $$ SELECT CASE lower(timevalue) WHEN 'now' THEN now() ELSE timevalue::timestamp AT TIME ZONE 'UTC' END + modifier::interval $$`,
  ],
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** Parsers of values, by the id of the type in PostgreSQL. */
const PARSERS: Readonly<Record<number, (text: string) => unknown>> = {
  [parsers.builtins.INT8]: Number,
  [parsers.builtins.JSONB]: text => text,
  [parsers.builtins.TIMESTAMPTZ]: text => parsers.getTypeParser(parsers.builtins.TIMESTAMPTZ)(text).getTime(),
}

/** Time limits in milliseconds. */
const TIMEOUTS = { connectionTimeoutMillis: 10_000, query_timeout: 120_000 }

export class PostgresTarget implements WarehouseTarget {
  readonly location: string
  readonly #client: Client
  readonly #user: string

  /** @param url address of the database; `sslmode` in it selects TLS */
  constructor(url: string) {
    const { hostname, port, pathname, username } = parseUrl(url)
    this.#user = decodeURIComponent(username)
    this.location = `postgresql://${this.#user && `${this.#user}@`}${hostname}:${port || 5432}${pathname}`
    const getTypeParser = ((id: number, format: 'text' | undefined) =>
      PARSERS[id] ?? parsers.getTypeParser(id, format)) as typeof parsers.getTypeParser
    const application_name = 'sluice-etl'
    this.#client = new Client({
      connectionString: url,
      application_name,
      ...TIMEOUTS,
      types: { getTypeParser },
    })
    // A lost connection makes the next query fail.
    this.#client.on('error', () => {})
  }

  async open(): Promise<void> {
    await this.#translateErrors(async () => {
      await this.#client.connect()
      // The connection stays open when the migrator has ended.
      const connection = Object.assign(this.#client, { release() {} })
      const pool = { connect: async () => connection, end: async () => {}, options: {} }
      const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: pool as never }) })
      await migrate(db, POSTGRES, SCHEMA)
    })
  }

  async watermarks(): Promise<readonly Watermark[]> {
    return (await this.#query(`SELECT * FROM ${SCHEMA}.watermarks`)).map(toWatermark)
  }

  async apply(step: Step): Promise<boolean> {
    return await this.#transaction(async () => {
      await this.#query('SELECT pg_advisory_xact_lock($1)', [LOCK])
      const before = watermarkOfPartition(await this.watermarks(), step)
      if (before && before.nextOffset !== step.fromOffset) return false
      for (const [mart, rows] of step.changes) if (rows.length > 0) await this.#merge(mart, rows)
      await this.#writeWatermark(step)
      return true
    })
  }

  async rows(name: string): Promise<readonly MartRow[]> {
    return await this.#query(
      `SELECT ${quoteNames(listColumnNames({ columns: shownColumns(name) }))} FROM ${SCHEMA}.${name}`,
    )
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => {})
  }

  async #merge(mart: Mart, rows: readonly MartRow[]): Promise<void> {
    const { name, key } = mart
    const columns = listColumnNames(mart)
    const staged = `staged_${name}`
    await this.#query(`CREATE TEMP TABLE ${staged} (LIKE ${SCHEMA}.${name}) ON COMMIT DROP`)
    await this.#copy(mart, staged, rows)
    const existing = await this.#query(
      `SELECT ${columns.map(column => `old."${column}"`)} FROM ${SCHEMA}.${name} AS old JOIN ${staged} USING (${quoteNames(key)})`,
    )
    if (existing.length > 0) {
      await this.#query(`TRUNCATE ${staged}`)
      await this.#copy(mart, staged, mergeRows(mart, [...existing, ...rows]))
    }
    const select = `SELECT ${quoteNames(columns)} FROM ${staged}`
    await this.#query(upsert(`${SCHEMA}.${name}`, columns, key, select))
  }

  async #copy({ columns }: Mart, table: string, rows: readonly MartRow[]): Promise<void> {
    const names = quoteNames(columns.map(([name]) => name))
    const lines = rows.map(
      row => `${columns.map(([name, type]) => formatCopyValue(row[name] ?? null, type)).join('\t')}\n`,
    )
    const stream = this.#client.query(copyFrom(`COPY ${table} (${names}) FROM STDIN`))
    await this.#translateErrors(() => pipeline(Readable.from(lines), stream))
  }

  async #writeWatermark(mark: Watermark): Promise<void> {
    await this.#query(
      writeWatermark(POSTGRES, index => `$${index + 1}`),
      watermarkValues(mark),
    )
  }

  async #transaction<T>(work: () => Promise<T>): Promise<T> {
    await this.#query('BEGIN')
    try {
      const result = await work()
      await this.#query('COMMIT')
      return result
    } catch (error) {
      await this.#client.query('ROLLBACK').catch(() => {})
      throw error
    }
  }

  async #query(text: string, values: readonly unknown[] = []): Promise<MartRow[]> {
    return await this.#translateErrors(async () => (await this.#client.query(text, [...values])).rows)
  }

  async #translateErrors<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw error instanceof WarehouseFailure ? error : this.#failure(error as Error & { code?: string })
    }
  }

  /** Returns an error without the message of the server, which can quote values. */
  #failure(error: Error & { code?: string }): WarehouseFailure {
    const { code = '' } = error
    const found = FAILURES.find(([codes]) => codes.test(code) || codes.test(error.message))
    const reason =
      found?.[1].replace('{user}', this.#user) ?? `The statement failed with the code ${code || error.name}.`
    return new WarehouseFailure(`${this.location}: ${reason}`, { cause: error })
  }
}

/** Reasons for failures, by the SQLSTATE, the code of Node or the message of the client. */
const FAILURES: readonly (readonly [RegExp, string])[] = [
  [/^28/, 'The password or the user is wrong. Correct WAREHOUSE_URL.'],
  [/^3D000$/, 'The database does not exist. Create it, or correct WAREHOUSE_URL.'],
  [
    /^42501$/,
    'The user {user} lacks rights. It must own the schemas sluice and sluice_bi, or be granted CREATE on the database.',
  ],
  [/^25006$/, 'The server is read-only. Use the address of the primary server.'],
  [/^53100$/, 'The disk of the server is full.'],
  [
    /SSL|^(DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_VERIFY|CERT_|ERR_TLS)|certificate/,
    'The TLS connection failed. Check sslmode and sslrootcert in WAREHOUSE_URL.',
  ],
  [
    /^(E(CONN|NOTFOUND|AI_AGAIN|TIMEDOUT|HOST|NET|PIPE)|57P0|53300|08)|timeout|[Cc]onnection|not queryable/,
    'The server cannot be reached or has ended the connection. Start it, or correct WAREHOUSE_URL.',
  ],
]

function parseUrl(url: string): URL {
  try {
    return new URL(url)
  } catch {
    throw new WarehouseFailure(
      'WAREHOUSE_URL must be postgres://USER:PASSWORD@HOST:PORT/DATABASE or sqlite:FILE.',
    )
  }
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

/** Returns a value in the text format of COPY. */
function formatCopyValue(value: string | number | null, type: MartType): string {
  if (value === null) return '\\N'
  if (type === 'TIMESTAMP') return new Date(Number(value)).toISOString()
  return String(value).replaceAll(/[\\\t\n\r]/g, one => ESCAPES[one] ?? one)
}
