/**
 * Compares the history with the log: each record of a complete segment is a row, once and with its content. DuckDB reads the
 * objects, so that no code of the archiver reads what the archiver has written.
 */
import { readdir } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'
import type { KafkaRecord } from '../kafka/records.ts'
import type { Violations } from './violations.ts'

export const LOST_ROW = 'rows missing in the history'
export const TWICE_ROW = 'rows twice in the history'
export const CHANGED_ROW = 'rows of the history that differ from the log'

interface Row {
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  readonly key: string | null
  readonly id: string | null
  readonly type: string | null
  readonly source: string | null
  readonly rest: Rest
}

interface Rest {
  readonly data?: unknown
  readonly value?: string | null
  readonly key?: string
}

/**
 * @param log the records of complete segments, partition after partition
 * @returns number of rows
 */
export async function compareHistory(
  folder: string,
  log: AsyncIterable<KafkaRecord>,
  violations: Violations,
): Promise<number> {
  const rows = rowsIn(folder)
  let count = 0
  let next = await rows.next()
  const behind = (a: Pick<Row, 'partition' | 'offset'>, b: Pick<Row, 'partition' | 'offset'>) =>
    a.partition - b.partition || a.offset - b.offset
  for await (const record of log) {
    while (!next.done && behind(next.value, record) < 0) {
      violations.add(TWICE_ROW, place(next.value))
      next = await rows.next()
    }
    if (next.done || behind(next.value, record) > 0) violations.add(LOST_ROW, place(record))
    else {
      if (!isSame(next.value, record)) violations.add(CHANGED_ROW, place(record))
      count += 1
      next = await rows.next()
    }
  }
  for (; !next.done; next = await rows.next()) violations.add(TWICE_ROW, place(next.value))
  return count
}

/** Objects of a redelivery have the same name, so that every file counts. */
async function* rowsIn(folder: string): AsyncGenerator<Row> {
  if (!(await readdir(folder, { recursive: true })).some(name => name.endsWith('.parquet'))) return
  const database = await DuckDBInstance.create()
  const connection = await database.connect()
  try {
    const result = await connection.stream(
      `SELECT * REPLACE ("offset"::DOUBLE AS "offset", epoch_ms("timestamp")::DOUBLE AS "timestamp")
        FROM read_parquet('${folder}/**/*.parquet', union_by_name = true, hive_partitioning = false)
        ORDER BY "partition", "offset"`,
    )
    const names = result.columnNames()
    for (
      let chunk = await result.fetchChunk();
      chunk && chunk.rowCount > 0;
      chunk = await result.fetchChunk()
    )
      for (const values of chunk.getRows())
        yield rowOf(Object.fromEntries(names.map((name, index) => [name, values[index] ?? null])))
  } finally {
    connection.closeSync()
    database.closeSync()
  }
}

/** Columns of the fields that readings of the ledger have. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  sensor_id: ['sensorId'],
  temperature: ['temperature'],
  status: ['status'],
  location_site: ['location', 'site'],
  location_latitude: ['location', 'latitude'],
  location_longitude: ['location', 'longitude'],
}

function rowOf(values: Readonly<Record<string, unknown>>): Row {
  const rest: Rest = JSON.parse(String(values.rest ?? '{}'))
  let data = rest.data
  for (const [column, [first = '', second]] of Object.entries(FIELDS)) {
    const value = values[column] ?? null
    if (value === null) continue
    const known = (data ?? {}) as Readonly<Record<string, object>>
    data = { ...known, [first]: second === undefined ? value : { ...known[first], [second]: value } }
  }
  return { ...values, timestampMs: values.timestamp, rest: { ...rest, data } } as unknown as Row
}

function isSame(row: Row, record: KafkaRecord): boolean {
  // The ledger does not know the contents of such a record.
  if (record.isCompressed) return true
  if (row.timestampMs !== record.timestampMs) return false
  const key = row.rest.key === undefined ? row.key : Buffer.from(row.rest.key, 'base64')
  if (!isDeepStrictEqual(key === null ? null : Buffer.from(key), record.key)) return false
  const { value } = row.rest
  if (value !== undefined)
    return value === null ? record.value === null : record.value?.toString('base64') === value
  const header = (name: string) => record.headers.find(([one]) => one === `ce_${name}`)?.[1].toString()
  return (
    row.id === header('id') &&
    row.type === header('type') &&
    row.source === header('source') &&
    isDeepStrictEqual(row.rest.data, record.value === null ? undefined : JSON.parse(String(record.value)))
  )
}

function place({ partition, offset }: Pick<Row, 'partition' | 'offset'>): string {
  return `${partition}/${offset}`
}
