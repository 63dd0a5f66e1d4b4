/** Reads the history of a partition in steps, from a watermark on. */
import { dataColumnsOf } from '../../history/columns.ts'
import type { Slice } from '../../history/coverage.ts'
import { DamagedObject, decodeColumns } from '../../history/parquet.ts'
import { damaged, objectBytes, type PartitionSlices, rowsOfSlice } from '../../history/read.ts'
import type { HistoryStore } from '../../history/store.ts'
import type { HistoryTable } from '../../history/tables.ts'
import { foldAlerts } from '../../warehouse/alerts.ts'
import { type Changes, type Mart, type MartRow, merged } from '../../warehouse/mart.ts'
import { foldReadings, type HistoryColumns, READING_COLUMNS } from '../../warehouse/readings.ts'
import type { Step } from '../../warehouse/target.ts'
import { alertEventIn } from '../sql/alert-event.ts'

/**
 * Number of offsets before a record in which its partition is searched for the same event. A producer that retries repeats an event
 * within seconds; a repetition after more records counts again.
 */
export const REPEATS_WITHIN = 10_000

/** Maximum number of records that are decoded at once. */
const CHUNK_RECORDS = 50_000
/** Number of records or mart rows after which a step is complete. */
const STEP_RECORDS = 500_000
const STEP_ROWS = 50_000

/** Range of offsets, both included. */
interface Missing {
  readonly from: number
  readonly to: number
}

export interface CountedStep extends Step {
  readonly records: number
  /** Repeated events, and readings whose time is out of range. */
  readonly repeated: number
  readonly skipped: number
  /** Offsets that history lacks. The log may have had records there that were never archived. */
  readonly missing: readonly Missing[]
}

/** Rows of an object. */
interface Chunk {
  readonly columns: HistoryColumns
  readonly fold: (indexes: readonly number[]) => { readonly changes: Changes; readonly skipped: number }
}

const READ: Partial<
  Record<HistoryTable, (store: HistoryStore, slice: Slice, from: number) => AsyncGenerator<Chunk>>
> = {
  readings: readingChunks,
  alerts: alertChunks,
}

/** Tables of history from which marts are made. */
export const LOADED_TABLES = Object.keys(READ) as readonly HistoryTable[]

/**
 * Yields the steps of a partition. The division into steps depends on the objects of the history, the sum of the steps does not.
 *
 * @param from watermark; undefined to begin with the first record
 * @throws DamagedObject and HistoryUnavailable after the steps before the object that cannot be read
 */
export async function* stepsOf(
  store: HistoryStore,
  table: HistoryTable,
  { topic, partition, slices }: PartitionSlices,
  from: number | undefined,
): AsyncGenerator<CountedStep> {
  const start = from ?? slices[0]?.fromOffset ?? 0
  const recent = new RecentEvents()
  const begin = (fromOffset: number, upToMs: number) => {
    return new Pending({ table, topic, partition, fromOffset }, upToMs)
  }
  let pending = begin(start, 0)
  let failure: unknown
  try {
    for (const slice of slices) {
      if (slice.toOffset < start - REPEATS_WITHIN) continue
      pending.expect(slice)
      for await (const chunk of READ[table]?.(store, slice, start - REPEATS_WITHIN) ?? []) {
        pending.add(chunk, recent, start)
        if (!pending.isComplete) continue
        yield pending.step()
        pending = begin(pending.nextOffset, pending.upToMs)
      }
      pending.end(slice)
    }
  } catch (error) {
    failure = error
  }
  if (pending.nextOffset > pending.fromOffset) yield pending.step()
  if (failure) throw failure
}

class Pending {
  readonly #of: Pick<Step, 'table' | 'topic' | 'partition' | 'fromOffset'>
  readonly #changes = new Map<Mart, readonly MartRow[]>()
  readonly #missing: Missing[] = []
  readonly #counts = { records: 0, repeated: 0, skipped: 0 }
  upToMs: number
  nextOffset: number

  constructor(of: Pick<Step, 'table' | 'topic' | 'partition' | 'fromOffset'>, upToMs: number) {
    this.#of = of
    this.upToMs = upToMs
    this.nextOffset = of.fromOffset
  }

  get fromOffset(): number {
    return this.#of.fromOffset
  }

  get isComplete(): boolean {
    const rows = [...this.#changes.values()].reduce((sum, { length }) => sum + length, 0)
    return this.#counts.records >= STEP_RECORDS || rows >= STEP_ROWS
  }

  expect({ fromOffset }: Slice): void {
    // A single offset is a marker of a transaction.
    if (fromOffset > this.nextOffset + 1) this.#missing.push({ from: this.nextOffset, to: fromOffset - 1 })
  }

  add({ columns, fold }: Chunk, recent: RecentEvents, start: number): void {
    const offsets = columns.offset as readonly number[]
    const counted: number[] = []
    for (const [index, offset] of offsets.entries()) {
      const isRepeated = recent.add(columns.source?.[index], columns.id?.[index], offset)
      if (offset < start) continue
      this.#counts.records += 1
      if (isRepeated) this.#counts.repeated += 1
      else counted.push(index)
    }
    const { changes, skipped } = fold(counted)
    this.#counts.skipped += skipped
    for (const [mart, rows] of changes)
      this.#changes.set(mart, merged(mart, [...(this.#changes.get(mart) ?? []), ...rows]))
    this.nextOffset = Math.max(this.nextOffset, (offsets.at(-1) ?? -1) + 1)
    this.upToMs = Number(columns.timestamp?.at(-1) ?? this.upToMs)
  }

  end({ toOffset }: Slice): void {
    this.nextOffset = Math.max(this.nextOffset, toOffset + 1)
  }

  step(): CountedStep {
    const { nextOffset, upToMs } = this
    const done = { nextOffset, upToMs, changes: this.#changes, missing: this.#missing }
    return { ...this.#of, ...done, ...this.#counts }
  }
}

/** Events of the last `REPEATS_WITHIN` offsets. */
class RecentEvents {
  #offsets = new Map<string, number>()

  /** Adds an event. Returns true if it repeats another one. */
  add(source: unknown, id: unknown, offset: number): boolean {
    if (typeof id !== 'string') return false
    const event = `${source} ${id}`
    const isRepeated = (this.#offsets.get(event) ?? Number.NEGATIVE_INFINITY) >= offset - REPEATS_WITHIN
    this.#offsets.set(event, offset)
    if (this.#offsets.size > 4 * REPEATS_WITHIN)
      this.#offsets = new Map([...this.#offsets].filter(([, one]) => one >= offset - REPEATS_WITHIN))
    return isRepeated
  }
}

const METRIC_COLUMNS = new Map(
  dataColumnsOf('readings').flatMap(({ name, path }) =>
    path.length === 1 ? [[path[0] as string, name]] : [],
  ),
)
const READ_COLUMNS = [...READING_COLUMNS, ...METRIC_COLUMNS.values()]

async function* readingChunks(store: HistoryStore, slice: Slice, from: number): AsyncGenerator<Chunk> {
  const { key } = slice.object
  const bytes = await objectBytes(store, key)
  const first = Math.max(slice.fromOffset, from)
  try {
    const { values } = await decodeColumns(bytes, { names: ['offset'] })
    const offsets = values.offset as readonly number[] | undefined
    if (!offsets) throw new DamagedObject('it has no column offset')
    const toRow = offsets.findLastIndex(offset => offset <= slice.toOffset) + 1
    for (
      let row = offsets.findIndex(offset => offset >= first);
      row >= 0 && row < toRow;
      row += CHUNK_RECORDS
    ) {
      const wanted = { names: READ_COLUMNS, fromRow: row, toRow: Math.min(toRow, row + CHUNK_RECORDS) }
      const { values: columns } = await decodeColumns(bytes, wanted)
      yield {
        columns,
        fold: indexes => foldReadings(columns, indexes, metric => METRIC_COLUMNS.get(metric) ?? ''),
      }
    }
  } catch (error) {
    throw error instanceof DamagedObject ? damaged(store, key, error) : error
  }
}

async function* alertChunks(store: HistoryStore, slice: Slice, from: number): AsyncGenerator<Chunk> {
  const rows = (await rowsOfSlice(store, slice)).filter(({ offset }) => offset >= from)
  const columns = {
    offset: rows.map(({ offset }) => offset),
    timestamp: rows.map(({ timestampMs }) => timestampMs),
    source: rows.map(({ event }) => event?.source ?? null),
    id: rows.map(({ event }) => event?.id ?? null),
  }
  const fold = (indexes: readonly number[]) => {
    const events = indexes.flatMap(index => alertEventIn(rows[index] as (typeof rows)[number]) ?? [])
    return { changes: foldAlerts(events.map(event => ({ ...event }))), skipped: 0 }
  }
  if (rows.length > 0) yield { columns, fold }
}
