/**
 * Writes and reads the objects of the history in the Parquet format, compressed with Zstandard. Offsets and times are stored as
 * differences, ids by the beginnings that they share, and all other values in dictionaries where these are smaller.
 */
import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import {
  type FileMetaData,
  parquetMetadata,
  parquetRead,
  type SchemaElement,
  snappyUncompress,
} from 'hyparquet'
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { writeMetadata } from 'hyparquet-writer/src/metadata.js'
import type { Families } from '../telemetry/families.ts'
import {
  type ColumnType,
  type DataColumn,
  listColumns,
  listDataColumns,
  listStoredColumns,
  type NamedColumn,
  nameFields,
} from './columns.ts'
import type { HistoryRow } from './row.ts'
import { type ColumnValue, readRow, writeRow } from './row-columns.ts'
import { HistoryFailure } from './store.ts'
import type { HistoryTable } from './tables.ts'

/** An object does not contain what its key says, or is not a Parquet file. */
export class DamagedObject extends HistoryFailure {
  override readonly name = 'DamagedObject'
}

/** Level of the compression. Higher levels take more time and save little. */
const LEVEL = 9
const COMPRESSORS = {
  ZSTD: (bytes: Uint8Array) =>
    zstdCompressSync(bytes, {
      // With a checksum, so that a reader notices damage within the values.
      params: { [constants.ZSTD_c_compressionLevel]: LEVEL, [constants.ZSTD_c_checksumFlag]: 1 },
    }),
}
/** Maximum size of a decompressed page, in bytes. Pages of the history have about 1 MiB, and a header can name any size. */
const MAX_PAGE_BYTES = 128 * 1024 * 1024

const DECODING = {
  parsers: { timestampFromMilliseconds: Number },
  compressors: {
    ZSTD: (bytes: Uint8Array, length: number) =>
      zstdDecompressSync(bytes, {
        // One more byte than the result has, so that zlib does not allocate a second chunk.
        chunkSize: Math.max(pageLength(length) + 1, constants.Z_MIN_CHUNK),
        maxOutputLength: Math.max(length, 1),
      }),
    // Other writers use it. The library trusts the length.
    SNAPPY: (bytes: Uint8Array, length: number) => {
      const page = new Uint8Array(pageLength(length))
      snappyUncompress(bytes, page)
      return page
    },
  },
}

function pageLength(length: number): number {
  if (length >= 0 && length <= MAX_PAGE_BYTES) return length
  throw new Error(`a page of ${length} bytes is larger than the limit of ${MAX_PAGE_BYTES}`)
}

const ELEMENTS: Readonly<Record<ColumnType, Pick<SchemaElement, 'type' | 'converted_type'>>> = {
  STRING: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  JSON: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  INT32: { type: 'INT32' },
  INT64: { type: 'INT64' },
  DOUBLE: { type: 'DOUBLE' },
  BOOLEAN: { type: 'BOOLEAN' },
  TIMESTAMP: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
}

const ENCODINGS: Readonly<Record<string, 'DELTA_BINARY_PACKED' | 'DELTA_BYTE_ARRAY'>> = {
  offset: 'DELTA_BINARY_PACKED',
  timestamp: 'DELTA_BINARY_PACKED',
  time: 'DELTA_BINARY_PACKED',
  id: 'DELTA_BYTE_ARRAY',
}

/** Number of rows that are read together. Their values are in memory. */
const GROUP_ROWS = 100_000

/** Key of the metadata with the length of all groups of rows, and their CRC-32: pages alone have none for their headers. */
const CHECKSUM = 'sluice.crc32'

/** A Parquet file that is written in several groups of rows. All groups have the same columns. */
export class ParquetFile {
  readonly #columns: readonly NamedColumn[]
  readonly #bytes = new ByteWriter()
  readonly #writer: ParquetWriter
  readonly #metadata: { key: string; value: string }[] = []

  constructor(columns: readonly NamedColumn[]) {
    this.#columns = columns
    const schema: SchemaElement[] = [
      { name: 'root', num_children: columns.length },
      ...columns.map(({ name, type }) => ({
        name,
        ...ELEMENTS[type],
        repetition_type: 'OPTIONAL' as const,
      })),
    ]
    this.#writer = new ParquetWriter({
      writer: this.#bytes,
      schema,
      codec: 'ZSTD',
      compressors: COMPRESSORS,
      // Without a version, readers built on parquet-mr refuse some encodings.
      createdBy: 'Sluice version 1',
      kvMetadata: this.#metadata,
    })
  }

  /** Appends a group of rows. @param values values of each column by name; a missing column is null in all rows */
  append(values: Readonly<Record<string, readonly ColumnValue[]>>, rows: number): void {
    const columnData = this.#columns.map(({ name, type }) => ({
      name,
      data: toParquetValues(type, values[name] ?? new Array(rows).fill(null)),
      ...(ENCODINGS[name] ? { encoding: ENCODINGS[name] } : {}),
    }))
    void this.#writer.write({ columnData, rowGroupSize: rows })
  }

  /** Returns the complete file. */
  end(): Buffer {
    const rows = this.#bytes.getBytes()
    this.#metadata.push({ key: CHECKSUM, value: `${rows.length}:${crc32(rows)}` })
    void this.#writer.finish()
    return Buffer.from(this.#bytes.getBuffer())
  }
}

/** Parquet's INT64 are BigInts in the library. */
function toParquetValues(type: ColumnType, values: readonly ColumnValue[]): unknown[] {
  if (type !== 'INT64' && type !== 'TIMESTAMP') return values as unknown[]
  return values.map(value => (value === null ? null : BigInt(value as number)))
}

/** Returns the Parquet file with these rows. Columns without values are omitted. */
export function encodeRows(families: Families, table: HistoryTable, rows: readonly HistoryRow[]): Buffer {
  const columns = listDataColumns(families, table)
  const values: Record<string, ColumnValue[]> = {}
  rows.forEach((row, index) => {
    writeRow(columns, row, (name, value) => {
      let column = values[name]
      if (column === undefined) {
        column = new Array(rows.length).fill(null)
        values[name] = column
      }
      column[index] = value
    })
  })
  const file = new ParquetFile(listColumns(families, table).filter(({ name }) => values[name] !== undefined))
  file.append(values, rows.length)
  return file.end()
}

/** Columns of an object. INT64 and TIMESTAMP are numbers. */
export interface ReadColumns {
  readonly rows: number
  readonly columns: readonly NamedColumn[]
  readonly values: Readonly<Record<string, readonly ColumnValue[]>>
}

interface Wanted {
  /** Names of columns; all if absent. Those that the object lacks are missing in the result. */
  readonly names?: readonly string[]
  readonly fromRow?: number
  /** Row after the last one. */
  readonly toRow?: number
}

/**
 * Reads columns of an object.
 *
 * @throws DamagedObject if it is not a Parquet file of the history
 */
export async function decodeColumns(bytes: Uint8Array, wanted: Wanted = {}): Promise<ReadColumns> {
  try {
    return await readColumns(bytes, wanted)
  } catch (error) {
    throw new DamagedObject(`it cannot be read as Parquet: ${(error as Error).message}`, { cause: error })
  }
}

async function readColumns(
  bytes: Uint8Array,
  { names: wanted, fromRow = 0, toRow }: Wanted,
): Promise<ReadColumns> {
  const metadata = readMetadata(bytes)
  const columns = listSchemaColumns(metadata).filter(
    ({ name }) => wanted === undefined || wanted.includes(name),
  )
  const end = Math.min(toRow ?? Infinity, Number(metadata.num_rows))
  const rows = Math.max(0, end - fromRow)
  const values: Record<string, readonly ColumnValue[]> = {}
  const put = (columnName: string, data: ArrayLike<unknown>, rowStart: number) => {
    const isWhole = Array.isArray(data) && data.length === rows && rowStart === fromRow
    const isBig = columns.some(({ name, type }) => name === columnName && type === 'INT64')
    // Most objects have one group of rows. Its values are not copied, because objects have many columns.
    if (isWhole && !isBig) values[columnName] = data
    else {
      values[columnName] ??= new Array(rows).fill(null)
      const into = values[columnName] as ColumnValue[]
      const last = Math.min(data.length, end - rowStart)
      for (let index = Math.max(0, fromRow - rowStart); index < last; index++) {
        const value = data[index]
        into[rowStart + index - fromRow] = (
          typeof value === 'bigint' ? Number(value) : (value ?? null)
        ) as ColumnValue
      }
    }
  }
  const names = columns.map(({ name }) => name)
  if (rows > 0 && names.length > 0)
    await parquetRead({
      file: {
        byteLength: bytes.length,
        slice: (start, end) =>
          bytes.buffer.slice(
            bytes.byteOffset + start,
            bytes.byteOffset + (end ?? bytes.length),
          ) as ArrayBuffer,
      },
      metadata,
      columns: names,
      rowStart: fromRow,
      rowEnd: end,
      ...DECODING,
      onChunk: ({ columnName, columnData, rowStart }) => put(columnName, columnData, rowStart),
    })
  for (const name of names) values[name] ??= new Array(rows).fill(null)
  return { rows, columns, values }
}

/** Metadata of objects that were verified. Many readers read an object in several parts. */
const verifiedMetadata = new WeakMap<Uint8Array, FileMetaData>()

/** Returns the metadata of an object. Its bytes must not change afterwards. @throws Error if it is damaged */
function readMetadata(bytes: Uint8Array): FileMetaData {
  const cachedMetadata = verifiedMetadata.get(bytes)
  if (cachedMetadata) return cachedMetadata
  const metadata = parquetMetadata(bytes, DECODING)
  verify(bytes, metadata)
  verifiedMetadata.set(bytes, metadata)
  return metadata
}

/** @throws Error if the groups of rows are not those that were written. Objects of other writers have no checksum. */
function verify(bytes: Uint8Array, metadata: FileMetaData): void {
  const written = findChecksum(metadata)
  if (written === undefined) return
  const length = Number(written.split(':', 1)[0])
  if (written !== `${length}:${crc32(bytes.subarray(0, length))}`)
    throw new Error('its bytes are not those that were written')
}

function findChecksum({ key_value_metadata: pairs = [] }: FileMetaData): string | undefined {
  return pairs.find(({ key }) => key === CHECKSUM)?.value
}

const TYPES: readonly [ColumnType, Pick<SchemaElement, 'type' | 'converted_type'>][] = Object.entries(
  ELEMENTS,
).map(([type, element]) => [type as ColumnType, element])

function listSchemaColumns({ schema }: FileMetaData): NamedColumn[] {
  const [, ...elements] = schema
  return elements.map(({ name, type, converted_type }) => {
    const found = TYPES.find(([, one]) => one.type === type && one.converted_type === converted_type)
    if (!found) throw new Error(`the column ${name} has a type that the history does not use`)
    return { name, type: found[0] }
  })
}

/** Rows of an object to read, by their offsets. Both ends are included. */
interface WantedOffsets {
  readonly fromOffset?: number
  readonly toOffset?: number
}

/**
 * Yields columns of an object in groups of rows, so that memory does not grow with the object.
 *
 * @throws DamagedObject if it is not a Parquet file of the history
 */
export async function* columnGroups(
  bytes: Uint8Array,
  { fromOffset = 0, toOffset = Infinity }: WantedOffsets,
): AsyncGenerator<ReadColumns> {
  const { rows, values } = await decodeColumns(bytes, { names: ['offset'] })
  const offsets = (values.offset ?? []) as readonly number[]
  if (offsets.length < rows) throw new DamagedObject('it has no column offset')
  const first = offsets.findIndex(offset => offset >= fromOffset)
  const end = offsets.findLastIndex(offset => offset <= toOffset) + 1
  for (let fromRow = first; fromRow >= 0 && fromRow < end; fromRow += GROUP_ROWS)
    yield await decodeColumns(bytes, { fromRow, toRow: Math.min(end, fromRow + GROUP_ROWS) })
}

/**
 * Returns an object with some rows of another one.
 *
 * @param range offsets of the rows
 * @throws DamagedObject if the object cannot be read
 */
export async function objectPart(bytes: Buffer, range: WantedOffsets): Promise<Buffer> {
  const file = new ParquetFile((await decodeColumns(bytes, { toRow: 0 })).columns)
  for await (const { values, rows } of columnGroups(bytes, range)) file.append(values, rows)
  return file.end()
}

/**
 * Returns an object with the names that its columns have beside the current ones, so that it can be read together with others. Its values
 * are not decoded.
 *
 * @throws DamagedObject if it is not a Parquet file of the history
 */
export async function renameColumns(families: Families, table: HistoryTable, bytes: Buffer): Promise<Buffer> {
  const { columns } = await decodeColumns(bytes, { toRow: 0 })
  // Parquet has one type for text and JSON.
  const own = listColumns(families, table).map(({ name, type }) => ({
    name,
    type: type === 'JSON' ? 'STRING' : type,
  }))
  const names = nameFields(columns, own).map(({ name }) => name)
  if (columns.every(({ name }, index) => name === names[index])) return bytes
  const metadata = parquetMetadata(bytes)
  for (const [index, given] of names.entries()) {
    const name = names.indexOf(given) === index ? given : `${given}_${index}`
    Object.assign(metadata.schema[index + 1] as SchemaElement, { name })
    // The library cannot write all statistics that it reads.
    for (const { columns } of metadata.row_groups)
      Object.assign(columns[index]?.meta_data ?? {}, { path_in_schema: [name], statistics: undefined })
  }
  const writer = new ByteWriter()
  writeMetadata(writer, metadata)
  const end = bytes.length - metadata.metadata_length - 8
  return Buffer.concat([bytes.subarray(0, end), writer.getBytes(), bytes.subarray(-4)])
}

/**
 * Returns the rows of columns. All columns of the object must have been read.
 *
 * @throws DamagedObject if they are not rows of the history
 */
export function rowsFrom(
  families: Families,
  table: HistoryTable,
  { rows, values }: Omit<ReadColumns, 'columns'>,
): HistoryRow[] {
  for (const name of ['topic', 'partition', 'offset', 'timestamp'])
    if (rows > 0 && values[name] === undefined) throw new DamagedObject(`it has no column ${name}`)
  return Array.from({ length: rows }, (_, row) => rowAt(families, table, values, row))
}

/** Columns of the data in groups of rows. */
const storedColumns = new WeakMap<ReadColumns['values'], readonly DataColumn[]>()

/**
 * Returns a row of columns. All columns of the object must have been read.
 *
 * @throws DamagedObject if it is not a row of the history
 */
export function rowAt(
  families: Families,
  table: HistoryTable,
  values: ReadColumns['values'],
  row: number,
): HistoryRow {
  try {
    const columns = storedColumns.get(values) ?? listStoredColumns(families, table, Object.keys(values))
    storedColumns.set(values, columns)
    return readRow(columns, name => values[name]?.[row])
  } catch (error) {
    throw new DamagedObject(`row ${row} cannot be read: ${(error as Error).message}`, { cause: error })
  }
}
