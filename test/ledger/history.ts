/**
 * Reads the rows of the history in a folder. DuckDB reads the objects, so that no code of the archiver reads what the archiver has
 * written.
 */
import { readdir } from 'node:fs/promises'
import { DuckDBInstance } from '@duckdb/node-api'
import type { Rest, Row } from './count/history.ts'

/** Objects of a redelivery have the same name, so that every file counts. */
export async function* readRows(folder: string): AsyncGenerator<Row> {
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
        yield createRow(Object.fromEntries(names.map((name, index) => [name, values[index] ?? null])))
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

function createRow(values: Readonly<Record<string, unknown>>): Row {
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
