/**
 * Table of the open dead letters in one partition of the dlq topic. It is computed from the records of the partition: a dead letter
 * adds a row, and a later event about its redrive or drop removes the row. The consumer `open-dead-letters` stores the table.
 * Queries apply the records that the consumer has not yet read in the same way. Pure.
 */
import { type Application, defineProcess, type Event, type ForeignRecord } from '#runtime/consumer'
import type { Families } from '../telemetry/families.ts'
import { type DlqEntry, type DlqRow, dlqEntry } from './dead-letter-row.ts'
import { type HandledAction, OWN_TYPES } from './dlq-record.ts'

/** Table of one partition. It can be stored as JSON. */
export interface OpenDeadLetters {
  /** Offset after the last record that was applied. */
  readonly next: number
  /** Rows, sorted by offset in ascending order. */
  readonly rows: readonly DlqRow[]
  /**
   * Summary of the open dead letters that are no longer in the table, because newer ones needed the space; absent if the table is
   * complete.
   */
  readonly left?: LeftDeadLetters
  /** Copy names of the newest dead letters. They are used to detect copies, which are ignored. */
  readonly newest: readonly string[]
  /** Total size of the rows as JSON, in bytes. It is 0 if the size is not limited. */
  readonly bytes: number
}

/** Summary of open dead letters that were removed from the table to make room for newer ones. They are still in the topic. */
export interface LeftDeadLetters {
  readonly count: number
  /** First offset from which the table is complete. */
  readonly before: number
  /**
   * Write time of the oldest dead letter that was removed, in milliseconds since the epoch. `newestMs` is the write time of the
   * newest.
   */
  readonly oldestMs: number
  readonly newestMs: number
}

export interface DeadLetterBounds {
  /** Maximum number of open dead letters of one partition. If it is exceeded, the oldest are removed. */
  readonly rows: number
  /** Maximum size of the rows as JSON, in bytes. */
  readonly bytes: number
}

/**
 * Limits of the stored table of one partition. They protect the state store from producers of many invalid records. The table is
 * one value of at most 1 MiB, which is read and written for every dead letter.
 */
export const STORED_BOUNDS: DeadLetterBounds = { rows: 2_000, bytes: 640 * 1024 }

/** Maximum number of stored copy names. Copies can only come from the last few chunks of the router. */
const MAX_REMEMBERED = 1_000

/** Effect of a record on the table. `known`: the record had already been applied. */
type FoldReason = 'letter' | 'broken' | 'copy' | 'handled' | 'known' | 'other'

interface FoldOptions {
  readonly bounds?: DeadLetterBounds
  /** True to keep redriven and dropped dead letters in the table. */
  readonly keepsHandled?: boolean
}

const UNBOUNDED: DeadLetterBounds = { rows: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY }

/** Applies the records of one partition to its table, in the order of their offsets. */
export class DeadLetterFold {
  /** Rows by offset, in ascending order. */
  readonly #rows: Map<number, DlqRow>
  readonly #newest: Set<string>
  readonly #bounds: DeadLetterBounds
  readonly #keepsHandled: boolean
  #left: LeftDeadLetters | undefined
  #next: number
  #bytes = 0

  constructor(from?: OpenDeadLetters, { bounds = UNBOUNDED, keepsHandled = false }: FoldOptions = {}) {
    this.#bounds = bounds
    this.#keepsHandled = keepsHandled
    this.#rows = new Map(from?.rows.map(row => [row.offset, row]))
    this.#newest = new Set(from?.newest)
    this.#left = from?.left
    this.#next = from?.next ?? 0
    this.#bytes = from?.bytes ?? 0
  }

  get rows(): Iterable<DlqRow> {
    return this.#rows.values()
  }

  get left(): LeftDeadLetters | undefined {
    return this.#left
  }

  /** Offset after the last record that was applied. */
  get next(): number {
    return this.#next
  }

  get snapshot(): OpenDeadLetters {
    const left = this.#left && { left: this.#left }
    const [rows, newest] = [[...this.#rows.values()], [...this.#newest]]
    return { next: this.#next, rows, ...left, newest, bytes: this.#bytes }
  }

  /** Returns whether a dead letter at this offset, which was open, still is. Those that are no longer in the table are. */
  isOpen(offset: number): boolean {
    const row = this.#rows.get(offset)
    return row ? !row.handled : offset < (this.#left?.before ?? 0)
  }

  apply(entry: DlqEntry): FoldReason {
    if (entry.offset < this.#next) return 'known'
    this.#next = entry.offset + 1
    if (entry.kind === 'other') return 'other'
    if (entry.kind === 'row') return this.#add(entry.row, entry.copyName)
    const { action, ranges } = entry.handled
    // An event about handled dead letters never affects dead letters at later offsets, even if its ranges include them.
    for (const range of ranges) this.#handle(range, action)
    return 'handled'
  }

  /** Sets the next offset. The caller knows that no records before it are relevant for the table. */
  readTo(offset: number): void {
    this.#next = Math.max(this.#next, offset)
  }

  /** Removes the dead letters before an offset, because the topic no longer contains them. */
  startAt(offset: number): void {
    this.readTo(offset)
    if (this.#left && this.#left.before <= offset) this.#left = undefined
    this.#removeFirst(row => row.offset < offset)
  }

  /** Removes the dead letters that were written at or before this time. */
  expire(untilMs: number): void {
    if (this.#left && this.#left.newestMs <= untilMs) this.#left = undefined
    this.#removeFirst(row => row.writtenAtMs <= untilMs)
  }

  #add(row: DlqRow, copyName: string | undefined): FoldReason {
    if (copyName !== undefined) {
      if (this.#newest.has(copyName)) return 'copy'
      this.#newest.add(copyName)
      const [oldest] = this.#newest
      if (this.#newest.size > MAX_REMEMBERED && oldest !== undefined) this.#newest.delete(oldest)
    }
    this.#rows.set(row.offset, row)
    this.#bytes += this.#measureRow(row)
    const { rows, bytes } = this.#bounds
    this.#removeFirst(
      () => this.#rows.size > rows || (this.#bytes > bytes && this.#rows.size > 1),
      first => this.#leave(first),
    )
    return row.kind
  }

  #leave({ offset, writtenAtMs, handled }: DlqRow): void {
    if (handled) return
    const { count = 0, oldestMs = writtenAtMs } = this.#left ?? {}
    this.#left = { count: count + 1, before: offset + 1, oldestMs, newestMs: writtenAtMs }
  }

  #handle({ from, to }: { from: number; to: number }, action: HandledAction): void {
    // Dead letters that are no longer in the table are only counted, so reduce the count.
    if (this.#left && from < this.#left.before) {
      const count = this.#left.count - (Math.min(to, this.#left.before - 1) - from + 1)
      this.#left = count > 0 ? { ...this.#left, count } : undefined
    }
    // Iterate over the shorter of the two: a range can contain many more offsets than the table has rows.
    if (to - from < this.#rows.size)
      for (let offset = from; offset <= to; offset++) this.#handleOne(offset, action)
    else
      for (const offset of [...this.#rows.keys()])
        if (offset >= from && offset <= to) this.#handleOne(offset, action)
  }

  #handleOne(offset: number, action: HandledAction): void {
    const row = this.#rows.get(offset)
    if (!row) return
    if (!this.#keepsHandled) {
      this.#remove(row)
      return
    }
    // A dead letter that was both redriven and dropped is shown as redriven.
    const handled = row.handled === 'redriven' ? 'redriven' : action
    this.#rows.set(offset, { ...row, handled })
  }

  #removeFirst(isToGo: (row: DlqRow) => boolean, onRemoved: (row: DlqRow) => void = () => {}): void {
    for (const row of this.#rows.values()) {
      if (!isToGo(row)) return
      this.#remove(row)
      onRemoved(row)
    }
  }

  #remove(row: DlqRow): void {
    this.#rows.delete(row.offset)
    this.#bytes -= this.#measureRow(row)
  }

  #measureRow(row: DlqRow): number {
    return Number.isFinite(this.#bounds.bytes) ? Buffer.byteLength(JSON.stringify(row)) : 0
  }
}

/** CloudEvents `type` that a record of the dlq topic has for this consumer. No event with this type is ever written. */
const DLQ_ENTRY_TYPE = 'io.sluice.dlq.entry'
/** Entity to which all records of a partition belong. */
export const DLQ_SOURCE = '/dlq'

/**
 * Returns the consumer that maintains the table of open dead letters of each partition.
 *
 * @param keptMs retention of the dlq topic, in milliseconds
 */
export function openDeadLetters(keptMs: number) {
  return defineProcess<OpenDeadLetters, DlqEntry>('open-dead-letters', {
    trustsProducers: true,
    accepts: [DLQ_ENTRY_TYPE],
    onEvent(state, { data, timeMs }, step) {
      const fold = new DeadLetterFold(state, { bounds: STORED_BOUNDS })
      fold.expire(timeMs - keptMs)
      step.reason(fold.apply(data))
      step.cancel('expiry')
      return fold.snapshot
    },
    // Timers of earlier versions. The topic has no ticks, so rows expire with the next record instead, and readers leave them out.
    onTimer(state, { dueMs }, step) {
      const fold = new DeadLetterFold(state, { bounds: STORED_BOUNDS })
      fold.expire(dueMs - keptMs)
      step.reason('expired')
      return fold.snapshot
    },
  })
}

/**
 * Returns the application of the consumer that reads the dlq topic. Each record becomes an event with the partition as its entity.
 * An unreadable record is listed as broken instead of failing, because its failure would become another dead letter. For the same
 * reason, events of other types are not validated. Dead letters expire with the retention of their topic.
 */
export function readDlqEntries(
  application: Application,
  { families }: { readonly families: Families },
): Application {
  return {
    ...application,
    readsMalformed: true,
    readForeign: (record, event) => toEntryEvent(families, record, event),
    readData: ({ data }) => ({ kind: 'data', data }),
  }
}

function toEntryEvent(families: Families, record: ForeignRecord, event?: Event): Event | undefined {
  if (event && !OWN_TYPES.includes(event.type)) return undefined
  const { partition, offset } = record
  return {
    id: `${partition}@${offset}`,
    source: DLQ_SOURCE,
    subject: String(partition),
    type: DLQ_ENTRY_TYPE,
    datacontenttype: 'application/json',
    data: dlqEntry(families, record),
  }
}
