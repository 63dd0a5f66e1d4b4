/**
 * The open dead letters of one partition of the dlq topic, folded from its records: dead letters come, and operators redrive or drop them by
 * events behind them. The consumer `open-dead-letters` stores the fold; readers apply the same fold to the records that it has not read. Pure.
 */
import {
  decided,
  type KeyedProcess,
  rejected,
  type TimerChange,
} from '../../packages/runtime/consumer/process.ts'
import type { DlqEntry, Row } from './dead-letter-row.ts'
import type { HandledAction } from './dlq-record.ts'

/** The state of a partition. It survives JSON. */
export interface OpenDeadLetters {
  /** The offset after the last record that was folded in. */
  readonly next: number
  /** Rows by ascending offset. */
  readonly rows: readonly Row[]
  /** Open dead letters that the table does not hold any more, because newer ones needed the room; absent if it holds all. */
  readonly left?: LeftDeadLetters
  /** Names of the newest dead letters, by which copies of them are recognised. */
  readonly newest: readonly string[]
  /** Size of the rows, where it is bounded. */
  readonly bytes: number
}

/** Dead letters that made room for newer ones. They are still in the topic. */
export interface LeftDeadLetters {
  readonly count: number
  /** The table holds every open dead letter from this offset on. */
  readonly before: number
  /** When the oldest and the newest of them were written, milliseconds since the epoch. */
  readonly oldestMs: number
  readonly newestMs: number
}

export interface DeadLetterBounds {
  /** Open dead letters of one partition; the oldest leave first. */
  readonly rows: number
  /** Size of the rows as JSON, in bytes. */
  readonly bytes: number
}

/**
 * The bound of the stored table, for each partition of the dlq topic, against a producer of records that fail. The state of a partition is one
 * value of at most 1 MiB, which every dead letter reads and writes.
 */
export const STORED_BOUNDS: DeadLetterBounds = { rows: 2_000, bytes: 640 * 1024 }

/** Room for a few chunks of the router. */
const MAX_REMEMBERED = 1_000

/** `known`: an earlier fold has had the record. */
type FoldReason = 'letter' | 'broken' | 'copy' | 'handled' | 'known' | 'other'

interface FoldOptions {
  readonly bounds?: DeadLetterBounds
  /** Handled dead letters stay, with what was done, instead of leaving the table. */
  readonly keepsHandled?: boolean
}

const UNBOUNDED: DeadLetterBounds = { rows: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY }

/** Folds the records of one partition, in their order. */
export class DeadLetterFold {
  /** Rows by offset, in ascending order. */
  readonly #rows: Map<number, Row>
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

  get rows(): Iterable<Row> {
    return this.#rows.values()
  }

  get left(): LeftDeadLetters | undefined {
    return this.#left
  }

  /** The offset after the last record that was folded in. */
  get next(): number {
    return this.#next
  }

  get stored(): OpenDeadLetters {
    const left = this.#left && { left: this.#left }
    const [rows, newest] = [[...this.#rows.values()], [...this.#newest]]
    return { next: this.#next, rows, ...left, newest, bytes: this.#bytes }
  }

  take(entry: DlqEntry): FoldReason {
    if (entry.offset < this.#next) return 'known'
    this.#next = entry.offset + 1
    if (entry.kind === 'other') return 'other'
    if (entry.kind === 'row') return this.#add(entry.row, entry.copyName)
    const { action, operation, ranges } = entry.handled
    // Dead letters behind the event are not here yet, whatever its ranges say.
    for (const range of ranges) this.#handle(range, action, operation)
    return 'handled'
  }

  /** Continues behind this offset, which has nothing more for the table. */
  readTo(offset: number): void {
    this.#next = Math.max(this.#next, offset)
  }

  /** Forgets the dead letters before an offset, which the topic does not keep any more. */
  startAt(offset: number): void {
    this.readTo(offset)
    if (this.#left && this.#left.before <= offset) this.#left = undefined
    this.#removeFirst(row => row.offset < offset)
  }

  /** Forgets the dead letters that were written at this time or before. */
  expire(untilMs: number): void {
    if (this.#left && this.#left.newestMs <= untilMs) this.#left = undefined
    this.#removeFirst(row => row.writtenAtMs <= untilMs)
  }

  #add(row: Row, copyName: string | undefined): FoldReason {
    if (copyName !== undefined) {
      if (this.#newest.has(copyName)) return 'copy'
      this.#newest.add(copyName)
      const [oldest] = this.#newest
      if (this.#newest.size > MAX_REMEMBERED && oldest !== undefined) this.#newest.delete(oldest)
    }
    this.#rows.set(row.offset, row)
    this.#bytes += this.#sizeOf(row)
    const { rows, bytes } = this.#bounds
    this.#removeFirst(
      () => this.#rows.size > rows || (this.#bytes > bytes && this.#rows.size > 1),
      first => this.#leave(first),
    )
    return row.kind
  }

  #leave({ offset, writtenAtMs, handled }: Row): void {
    if (handled) return
    const { count = 0, oldestMs = writtenAtMs } = this.#left ?? {}
    this.#left = { count: count + 1, before: offset + 1, oldestMs, newestMs: writtenAtMs }
  }

  #handle({ from, to }: { from: number; to: number }, action: HandledAction, operation: string): void {
    // Dead letters that left are only counted.
    if (this.#left && from < this.#left.before) {
      const count = this.#left.count - (Math.min(to, this.#left.before - 1) - from + 1)
      this.#left = count > 0 ? { ...this.#left, count } : undefined
    }
    // A range can be wider than the table.
    if (to - from < this.#rows.size)
      for (let offset = from; offset <= to; offset++) this.#handleOne(offset, action, operation)
    else
      for (const offset of [...this.#rows.keys()])
        if (offset >= from && offset <= to) this.#handleOne(offset, action, operation)
  }

  #handleOne(offset: number, action: HandledAction, operation: string): void {
    const row = this.#rows.get(offset)
    if (!row) return
    if (!this.#keepsHandled) {
      this.#remove(row)
      return
    }
    const before = row.handled
    // A dead letter that was redriven and dropped counts as redriven.
    const both = before?.action === 'redriven' ? 'redriven' : action
    const handled = { action: both, operations: [...(before?.operations ?? []), operation] }
    this.#rows.set(offset, { ...row, handled })
  }

  #removeFirst(isToGo: (row: Row) => boolean, removed: (row: Row) => void = () => {}): void {
    for (const row of this.#rows.values()) {
      if (!isToGo(row)) return
      this.#remove(row)
      removed(row)
    }
  }

  #remove(row: Row): void {
    this.#rows.delete(row.offset)
    this.#bytes -= this.#sizeOf(row)
  }

  #sizeOf(row: Row): number {
    return Number.isFinite(this.#bounds.bytes) ? Buffer.byteLength(JSON.stringify(row)) : 0
  }
}

/** CloudEvents `type` of a record of the dlq topic as the process gets it; it is never written anywhere. */
export const DLQ_ENTRY_TYPE = 'io.sluice.dlq.entry'
/** The entity of all records of a partition. */
export const DLQ_SOURCE = '/dlq'

/**
 * Keeps the open dead letters of each partition of the dlq topic.
 *
 * @param keptMs for how long the topic keeps a record, in milliseconds
 */
export function openDeadLetters(keptMs: number): KeyedProcess<OpenDeadLetters, DlqEntry> {
  return {
    name: 'open-dead-letters',
    trustsProducers: true,
    accepts: [DLQ_ENTRY_TYPE],
    onEvent(state, { data, timeMs }) {
      if (!data) return rejected('a record of the dlq topic without data')
      const fold = new DeadLetterFold(state, { bounds: STORED_BOUNDS })
      const reason = fold.take(data)
      return decided(reason, fold.stored, [], [expiry(fold, keptMs, timeMs)])
    },
    onTimer(state, { dueMs }) {
      const fold = new DeadLetterFold(state, { bounds: STORED_BOUNDS })
      fold.expire(dueMs - keptMs)
      return decided('expired', fold.stored, [], [expiry(fold, keptMs, dueMs)])
    },
  }
}

/** The timer that fires when the topic may have deleted the oldest dead letter. */
function expiry({ rows, left }: DeadLetterFold, keptMs: number, nowMs: number): TimerChange {
  const [first] = rows
  const oldestMs = left?.newestMs ?? first?.writtenAtMs
  if (oldestMs === undefined) return { name: 'expiry' }
  return { name: 'expiry', dueMs: Math.max(oldestMs + keptMs, nowMs + 1) }
}
