/** Answers an SQL statement over the database of the storage, which it cannot change. Each client is loaded on demand. */
import { pathToFileURL } from 'node:url'
import { OperationFailure } from '../../lib/support/operation-failure.ts'
import type { SqlAnswer } from './database.ts'
import { toDecimalValue, toPlainValue } from './plain-value.ts'

/** Tables and views that only this database has. Others are named with its schema, such as `sluice.readings`. */
export const STORAGE_NAMES = [
  ...['alert_log', 'alert_events', 'alerts_hourly', 'alerts_daily'],
  ...['measurements', 'minute_statistics', 'minutes', 'readings_hourly', 'readings_daily'],
  ...['state_minutes', 'state_statistics', 'states_hourly', 'states_daily'],
]
const SELECT = /^\s*(?:SELECT|WITH)\b/i
const SOURCE = /\b(?:FROM|JOIN)\s+"?(\w+)/gi

/** Longest time for a statement in PostgreSQL. */
const LIMIT = '60s'

/** Returns true if a statement is about a table that only the database of the storage has. */
export function isOfStorage(statement: string): boolean {
  const sources = [...statement.matchAll(SOURCE)].map(([, name = '']) => name.toLowerCase())
  return SELECT.test(statement) && sources.some(name => name === 'sluice' || STORAGE_NAMES.includes(name))
}

interface Result {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly (readonly never[])[]
}

/**
 * Answers a statement.
 *
 * @param url address of the database, with the password
 * @throws OperationFailure with the error of the database
 */
export async function answerFromStorage(
  statement: string,
  url: string,
  stop: AbortSignal,
): Promise<SqlAnswer> {
  const ask = url.startsWith('sqlite:') ? askSqlite : askPostgres
  const { columns, rows } = await ask(statement, url, stop).catch(error => {
    stop.throwIfAborted()
    throw new OperationFailure(`The database of storage: ${error.message}`, { cause: error })
  })
  const values = rows.map(row => row.map(toPlainValue))
  const isNumber = (index: number) => values.some(row => typeof row[index] === 'number')
  return {
    columns: columns.map((column, index) => ({
      ...column,
      isNumber: column.type === 'NUMERIC' || isNumber(index),
    })),
    async *rows() {
      yield* values
    },
  }
}

async function askSqlite(text: string, url: string): Promise<Result> {
  const { constants, DatabaseSync } = await import('node:sqlite')
  const { SQLITE_SELECT, SQLITE_READ, SQLITE_FUNCTION, SQLITE_RECURSIVE, SQLITE_OK, SQLITE_DENY } = constants
  const allowed: readonly number[] = [SQLITE_SELECT, SQLITE_READ, SQLITE_FUNCTION, SQLITE_RECURSIVE]
  const db = new DatabaseSync(':memory:')
  try {
    // Attached, the file has the same name as the schema in PostgreSQL.
    const file = pathToFileURL(url.slice('sqlite:'.length)).href.replaceAll("'", '%27')
    db.exec(`ATTACH '${file}?mode=ro' AS sluice`)
    db.setAuthorizer(action => (allowed.includes(action) ? SQLITE_OK : SQLITE_DENY))
    const prepared = db.prepare(text)
    if (text.slice(prepared.sourceSQL.length).trim() !== '') throw new Error('write one statement')
    prepared.setReturnArrays(true)
    prepared.setReadBigInts(true)
    const columns = prepared.columns().map(({ name, type }) => ({ name, type: type ?? '' }))
    return { columns, rows: prepared.all() as unknown as Result['rows'] }
  } finally {
    db.close()
  }
}

async function askPostgres(text: string, url: string, stop: AbortSignal): Promise<Result> {
  const { Client, types } = await import('pg')
  const { BOOL, INT8, INT2, INT4, FLOAT4, FLOAT8, NUMERIC } = types.builtins
  const parsers = new Map<number, (text: string) => unknown>([
    ...[INT2, INT4, FLOAT4, FLOAT8].map(type => [type, Number] as const),
    ...[[INT8, BigInt] as const, [NUMERIC, toDecimalValue] as const],
    [BOOL, (value: string) => value === 't'] as const,
  ])
  const names = new Map(Object.entries(types.builtins).map(([name, type]) => [type, name] as const))
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  const end = () => void client.end().catch(() => {})
  stop.addEventListener('abort', end)
  try {
    await client.connect()
    const settings = { search_path: 'sluice', timezone: "'UTC'", statement_timeout: `'${LIMIT}'` }
    const set = Object.entries(settings).map(([name, value]) => `; SET LOCAL ${name} = ${value}`)
    await client.query(`BEGIN READ ONLY${set.join('')}`)
    const query = {
      text,
      rowMode: 'array' as const,
      // This protocol takes one statement, so none can end the transaction that only reads.
      queryMode: 'extended',
      types: { getTypeParser: (type: number) => parsers.get(type) ?? String },
    }
    const { fields, rows } = await client.query<never[]>(query)
    const columns = fields.map(({ name, dataTypeID }) => ({ name, type: names.get(dataTypeID) ?? '' }))
    return { columns, rows }
  } finally {
    stop.removeEventListener('abort', end)
    end()
  }
}
