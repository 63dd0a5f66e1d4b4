/** Merges parts of the history into one object, column by column. Pure. */
import { columnsOf } from './columns.ts'
import type { Slice } from './coverage.ts'
import type { HistoryObject } from './object-key.ts'
import {
  columnGroups,
  DamagedObject,
  decodeColumns,
  GROUP_ROWS,
  type NamedColumn,
  ParquetFile,
  type ReadColumns,
} from './parquet.ts'

/** Limit of a group of rows beside `GROUP_ROWS`. */
const GROUP_CHARACTERS = 32 * 1024 * 1024

/** An object that cannot be compacted, or not compared. */
export class UnusableObject extends Error {
  override readonly name = 'UnusableObject'
  readonly key: string

  constructor({ key }: Pick<HistoryObject, 'key'>, reason: string) {
    super(reason)
    this.key = key
  }
}

/** Part with its contents. */
export interface LoadedSlice extends Slice {
  readonly bytes: Uint8Array
}

/**
 * Returns an object with the rows of all slices. It has the columns of all parts. Where a part lacks a column, its rows are null.
 *
 * @param slices parts of one partition in ascending order of offset
 * @throws UnusableObject if a part is damaged, contains other rows than its key says, or has another type of column
 */
export async function mergedParts(slices: readonly LoadedSlice[]): Promise<Buffer> {
  const columns = await unionOf(slices)
  const group = new RowGroup(columns)
  for (const { object, bytes, fromOffset, toOffset } of slices) {
    // Other work of the process continues between two parts.
    await new Promise(resolve => setImmediate(resolve))
    await keyColumns(object, bytes)
    const add = async () => {
      for await (const read of columnGroups(bytes, { fromOffset, toOffset })) group.add(read)
    }
    await usable(object, add())
  }
  return group.end()
}

/** Returns the columns of all parts, in the order of the table. */
async function unionOf(slices: readonly LoadedSlice[]): Promise<NamedColumn[]> {
  const columns = new Map<string, NamedColumn>()
  for (const { object, bytes } of slices)
    for (const column of (await usable(object, decodeColumns(bytes, { toRow: 0 }))).columns) {
      const { type } = columns.get(column.name) ?? column
      if (type !== column.type)
        throw new UnusableObject(object, `its column ${column.name} is ${column.type}, before it ${type}`)
      columns.set(column.name, column)
    }
  const [first] = slices as [LoadedSlice]
  const names = columnsOf(first.object.table).map(({ name }) => name)
  const place = ({ name }: NamedColumn) => (names.includes(name) ? names.indexOf(name) : names.length)
  return [...columns.values()].sort((a, b) => place(a) - place(b))
}

type Values = ReadColumns['values'][string]

/** Rows of an object that have been collected but not encoded. */
class RowGroup {
  readonly #file: ParquetFile
  readonly #values: Readonly<Record<string, Values[number][]>>
  #rows = 0
  #characters = 0

  constructor(columns: readonly NamedColumn[]) {
    this.#file = new ParquetFile(columns)
    this.#values = Object.fromEntries(columns.map(({ name }) => [name, []]))
  }

  add({ rows, values }: ReadColumns): void {
    if (this.#rows + rows > GROUP_ROWS || this.#characters > GROUP_CHARACTERS) this.#encode()
    for (const [name, into] of Object.entries(this.#values)) {
      const column = values[name]
      let before: unknown
      for (let row = 0; row < rows; row++) {
        const value = column?.[row] ?? null
        into.push(value)
        // Repeated values share their memory.
        if (typeof value === 'string' && value !== before) this.#characters += value.length
        before = value
      }
    }
    this.#rows += rows
  }

  end(): Buffer {
    this.#encode()
    return this.#file.end()
  }

  #encode(): void {
    if (this.#rows > 0) this.#file.append(this.#values, this.#rows)
    for (const column of Object.values(this.#values)) column.length = 0
    this.#rows = 0
    this.#characters = 0
  }
}

/** Offsets and timestamps of the rows of an object, in ascending order of offset. */
export interface KeyColumns {
  readonly offsets: readonly number[]
  readonly timestamps: readonly number[]
}

const KEYS = ['topic', 'partition', 'offset', 'timestamp']

/**
 * Reads the offsets and timestamps of an object.
 *
 * @throws UnusableObject if the object is damaged, or contains other rows than its key says
 */
export async function keyColumns(object: HistoryObject, bytes: Uint8Array): Promise<KeyColumns> {
  const { rows, values } = await usable(object, decodeColumns(bytes, { names: KEYS }))
  const [topics, partitions, offsets, timestamps] = KEYS.map(name => values[name] ?? []) as number[][]
  for (let row = 0; row < rows; row++) {
    const [offset, before] = [offsets?.[row] ?? -1, offsets?.[row - 1] ?? object.firstOffset - 1]
    const isOwn = (topics?.[row] as unknown) === object.topic && partitions?.[row] === object.partition
    if (!isOwn || offset <= before || offset > object.lastOffset)
      throw new UnusableObject(object, 'it contains other rows than its key says')
  }
  return { offsets: offsets ?? [], timestamps: timestamps ?? [] }
}

async function usable<T>(object: HistoryObject, decoded: Promise<T>): Promise<T> {
  try {
    return await decoded
  } catch (error) {
    throw error instanceof DamagedObject ? new UnusableObject(object, error.message) : error
  }
}
