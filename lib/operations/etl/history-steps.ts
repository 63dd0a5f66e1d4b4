/** Reads the history of a partition in steps, from a watermark on. */
import { listDataColumns } from '../../history/columns.ts'
import type { Slice } from '../../history/coverage.ts'
import { type ReadColumns, rowAt } from '../../history/parquet.ts'
import { groupsOfSlice, type PartitionSlices } from '../../history/read-history.ts'
import type { HistoryStore } from '../../history/store.ts'
import type { HistoryTable } from '../../history/tables.ts'
import { type AlertChange, foldAlerts } from '../../warehouse/alert-marts.ts'
import { type Changes, type Mart, type MartRow, mergeRows } from '../../warehouse/mart.ts'
import { foldReadings, READING_COLUMNS } from '../../warehouse/reading-marts.ts'
import type { Step } from '../../warehouse/target.ts'
import { toAlertEvent } from './alert-event.ts'

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

type Columns = ReadColumns['values']

/** Columns of a table that are read, all if `names` is absent, and the mart rows that some of its rows add. */
interface Loader {
  readonly names?: readonly string[]
  readonly fold: (
    columns: Columns,
    indexes: readonly number[],
  ) => { readonly changes: Changes; readonly skipped: number }
}

const METRIC_COLUMNS = new Map(
  listDataColumns('readings').flatMap(({ name, path }) =>
    path.length === 1 ? [[path[0] as string, name]] : [],
  ),
)

const LOADERS: Partial<Record<HistoryTable, Loader>> = {
  readings: {
    names: [...READING_COLUMNS, ...METRIC_COLUMNS.values()],
    fold: (columns, indexes) => foldReadings(columns, indexes, metric => METRIC_COLUMNS.get(metric) ?? ''),
  },
  alerts: {
    fold: (columns, indexes) => ({ changes: foldAlerts(readAlertEvents(columns, indexes)), skipped: 0 }),
  },
}

/** Yields the alert events of rows. One of them is in memory at a time, because they are much larger than their columns. */
function* readAlertEvents(columns: Columns, indexes: readonly number[]): Generator<AlertChange> {
  for (const index of indexes) {
    const event = toAlertEvent(rowAt('alerts', columns, index))
    if (event) yield { ...event }
  }
}

/** Tables of history from which marts are made. */
export const LOADED_TABLES = Object.keys(LOADERS) as readonly HistoryTable[]

/**
 * Yields the steps of a partition. The division into steps depends on the objects of the history, the sum of the steps does not.
 *
 * @param from watermark; undefined to begin with the first record
 * @throws DamagedObject and HistoryUnavailable after the steps before the object that cannot be read
 */
export async function* readSteps(
  store: HistoryStore,
  table: HistoryTable,
  { topic, partition, slices }: PartitionSlices,
  from: number | undefined,
): AsyncGenerator<CountedStep> {
  const start = from ?? slices[0]?.fromOffset ?? 0
  const { fold, ...names } = LOADERS[table] as Loader
  const recent = new RecentEvents()
  const beginStep = (fromOffset: number, upToMs: number) => {
    return new PendingStep({ table, topic, partition, fromOffset }, upToMs)
  }
  let pending = beginStep(start, 0)
  let failure: unknown
  try {
    for (const slice of slices) {
      if (slice.toOffset < start - REPEATS_WITHIN) continue
      pending.expect(slice)
      const read = { ...slice, fromOffset: Math.max(slice.fromOffset, start - REPEATS_WITHIN) }
      const add = ({ values }: ReadColumns) => pending.add(values, recent, start, fold)
      for await (const _ of groupsOfSlice(store, read, { ...names, most: CHUNK_RECORDS }, add)) {
        if (!pending.isComplete) continue
        yield pending.step()
        pending = beginStep(pending.nextOffset, pending.upToMs)
      }
      pending.end(slice)
    }
  } catch (error) {
    failure = error
  }
  if (pending.nextOffset > pending.fromOffset) yield pending.step()
  if (failure) throw failure
}

class PendingStep {
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

  add(columns: Columns, recent: RecentEvents, start: number, fold: Loader['fold']): void {
    const offsets = columns.offset as readonly number[]
    const counted: number[] = []
    for (const [index, offset] of offsets.entries()) {
      const isRepeated = recent.add(columns.source?.[index], columns.id?.[index], offset)
      if (offset < start) continue
      this.#counts.records += 1
      if (isRepeated) this.#counts.repeated += 1
      else counted.push(index)
    }
    const { changes, skipped } = fold(columns, counted)
    this.#counts.skipped += skipped
    for (const [mart, rows] of changes)
      this.#changes.set(mart, mergeRows(mart, [...(this.#changes.get(mart) ?? []), ...rows]))
    this.nextOffset = Math.max(this.nextOffset, (offsets.at(-1) ?? -1) + 1)
    this.upToMs = Number(columns.timestamp?.at(-1) ?? this.upToMs)
  }

  end({ toOffset }: Slice): void {
    this.nextOffset = Math.max(this.nextOffset, toOffset + 1)
  }

  step(): CountedStep {
    const { nextOffset, upToMs } = this
    const result = { nextOffset, upToMs, changes: this.#changes, missing: this.#missing }
    return { ...this.#of, ...result, ...this.#counts }
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
