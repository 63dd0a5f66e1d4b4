/** Tables and views of Glue from a template, read by DuckDB as Athena reads them. */
import { globSync, readFileSync } from 'node:fs'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'

interface GlueColumn {
  readonly Name: string
  readonly Type: string
}

export interface GlueTable {
  readonly Name: string
  readonly TableType: 'EXTERNAL_TABLE' | 'VIRTUAL_VIEW'
  readonly Parameters: Readonly<Record<string, string>>
  readonly PartitionKeys: readonly GlueColumn[]
  readonly ViewOriginalText?: string
  readonly StorageDescriptor: {
    readonly Columns: readonly GlueColumn[]
    readonly Location?: string
    readonly InputFormat?: string
    readonly SerdeInfo: { readonly SerializationLibrary?: string }
  }
}

/** A view as Athena stores it. */
export interface StoredView {
  readonly originalSql: string
  readonly catalog: string
  readonly schema: string
  readonly columns: readonly { readonly name: string; readonly type: string }[]
}

interface Resource {
  readonly Type: string
  readonly Properties: { readonly TableInput: GlueTable }
}

/** Returns the tables among resources, by name. */
export function glueTablesIn(resources: Readonly<Record<string, object>>): Map<string, GlueTable> {
  const tables = (Object.values(resources) as Resource[]).filter(({ Type }) => Type === 'AWS::Glue::Table')
  return new Map(tables.map(({ Properties: { TableInput } }) => [TableInput.Name, TableInput]))
}

export function storedView({ ViewOriginalText = '' }: GlueTable): StoredView {
  const [, base64 = ''] = /^\/\* Presto View: ([\w+/=]+) \*\/$/.exec(ViewOriginalText) ?? []
  return JSON.parse(Buffer.from(base64, 'base64').toString())
}

/** Types of Glue that DuckDB names differently. */
const TYPES: Readonly<Record<string, string>> = { string: 'VARCHAR' }

/** Functions of Trino that DuckDB names differently. */
const FUNCTIONS: readonly (readonly [trino: RegExp, duckdb: string])[] = [
  [/\bto_unixtime\(/g, 'epoch('],
  [/\bjson_parse\(/g, 'json('],
  [/\bMAP\(\)/g, 'MAP {}'],
  [/\btry\(from_iso8601_timestamp\(("\w+")\)\)/g, 'try_cast($1 AS TIMESTAMPTZ)'],
]

/** Opens a database with the tables that exist in a folder, which stands for the bucket, and with all views. */
export async function openGlue(
  tables: ReadonlyMap<string, GlueTable>,
  folder: string,
): Promise<DuckDBConnection> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  await connection.run(`SET TimeZone = 'UTC'`)
  for (const table of tables.values())
    if (table.TableType === 'EXTERNAL_TABLE') await fill(connection, table, folder)
  for (const table of tables.values())
    if (table.TableType === 'VIRTUAL_VIEW') {
      const { originalSql } = storedView(table)
      const sql = FUNCTIONS.reduce((text, [trino, duckdb]) => text.replace(trino, duckdb), originalSql)
      await connection.run(`CREATE VIEW "${table.Name}" AS ${sql}`)
    }
  return connection
}

async function fill(connection: DuckDBConnection, table: GlueTable, folder: string): Promise<void> {
  const { Name, PartitionKeys, Parameters, StorageDescriptor } = table
  const columns = [...StorageDescriptor.Columns, ...PartitionKeys]
  const typed = columns.map(column => `"${column.Name}" ${TYPES[column.Type] ?? column.Type}`)
  await connection.run(`CREATE TABLE "${Name}" (${typed.join(', ')}, "$path" VARCHAR)`)
  const { Location = '', InputFormat = '' } = StorageDescriptor
  const template = Parameters['storage.location.template'] ?? Location
  const pattern = `${template.replace(/^s3:\/\/[^/]+/, folder).replaceAll(/\$\{\w+\}/g, '*')}*`
  const found = globSync(pattern)
  const isList = InputFormat.endsWith('.SymlinkTextInputFormat')
  const files = isList ? found.flatMap(file => readFileSync(file, 'utf8').split('\n').filter(Boolean)) : found
  if (files.length === 0) return
  const quoted = `[${files.map(file => `'${file}'`).join(', ')}]`
  const options = 'hive_partitioning = true, hive_types_autocast = false, filename = true'
  const read = /\.parquet\./.test(`${StorageDescriptor.SerdeInfo.SerializationLibrary}`)
    ? `read_parquet(${quoted}, ${options}, union_by_name = true)`
    : `read_json(${quoted}, ${options}, format = 'newline_delimited')`
  // Objects may have more fields than the table, and older ones fewer.
  const described = await rowsIn(connection, `DESCRIBE SELECT * FROM ${read}`)
  const names = new Set(described.map(({ column_name }) => column_name))
  const shared = columns.filter(column => names.has(column.Name)).map(column => `"${column.Name}"`)
  await connection.run(
    `INSERT INTO "${Name}" BY NAME SELECT ${shared.join(', ')}, filename AS "$path" FROM ${read}`,
  )
}

/** Returns the rows of a query as objects with values of JSON. */
export async function rowsIn(connection: DuckDBConnection, sql: string): Promise<Record<string, unknown>[]> {
  return (await connection.runAndReadAll(sql)).getRowObjectsJson() as Record<string, unknown>[]
}
