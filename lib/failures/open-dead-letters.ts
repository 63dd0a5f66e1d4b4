/**
 * Open dead letters of one partition of the dlq topic, computed by a fold over its records: a dead letter
 * adds a row, and a later event of an operator's redrive or drop removes it. The consumer `open-dead-letters`
 * stores the result; queries apply the same fold to the records that the consumer has not read yet. Pure.
 */
import {
  decided,
  type KeyedProcess,
  rejected,
  type TimerChange,
} from '../../packages/runtime/consumer/process.ts'
import type { DlqEntry, Row } from './dead-letter-row.ts'
import type { HandledAction } from './dlq-record.ts'

/** State of a partition, as JSON. */
export interface OpenDeadLetters {
  /** Offset after the last record that was applied. */
  readonly next: number
  /** Rows by ascending offset. */
  readonly rows: readonly Row[]
  /** Open dead letters that were removed from the table to make room for newer ones; absent if the table is complete. */
  readonly left?: LeftDeadLetters
  /** Copy names of the newest dead letters, which identify copies of them. */
  readonly newest: readonly string[]
  /** Size of the rows as JSON, in bytes; present if the size is limited. */
  readonly bytes: number
}

/** Open dead letters that were removed from the table to make room for newer ones. They are still in the topic. */
export interface LeftDeadLetters {
  readonly count: number
  /** Offset from which on the table is complete. */
  readonly before: number
  /** Time at which the oldest of them was written, in milliseconds since the epoch. `newestMs` is that of the newest. */
  readonly oldestMs: number
  readonly newestMs: number
}

export interface DeadLetterBounds {
  /** Maximum number of open dead letters of one partition. The oldest are removed first. */
  readonly rows: number
  /** Maximum size of the rows as JSON, in bytes. */
  readonly bytes: number
}

/**
 * Limits of the stored table for each partition of the dlq topic, as a protection against producers of many invalid records. The
 * state of a partition is one value of at most 1 MiB, which is read and written for every dead letter.
 */
export const STORED_BOUNDS: DeadLetterBounds = { rows: 2_000, bytes: 640 * 1024 }

/** Maximum number of copy names: enough for a few chunks of the router. */
const MAX_REMEMBERED = 1_000

/** `known`: the record was applied before. */
type FoldReason = 'letter' | 'broken' | 'copy' | 'handled' | 'known' | 'other'

interface FoldOptions {
  readonly bounds?: DeadLetterBounds
  /** True to keep handled dead letters in the table, with the operation, instead of removing them. */
  readonly keepsHandled?: boolean
}

const UNBOUNDED: DeadLetterBounds = { rows: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY }

/** Applies the records of one partition, in their order. */
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

  /** Offset after the last record that was applied. */
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
    // An event cannot affect later dead letters, whatever its ranges contain.
    for (const range of ranges) this.#handle(range, action, operation)
    return 'handled'
  }

  /** Continues after this offset. Up to it, the topic has no further records for the table. */
  readTo(offset: number): void {
    this.#next = Math.max(this.#next, offset)
  }

  /** Removes the dead letters before an offset, which the topic no longer contains. */
  startAt(offset: number): void {
    this.readTo(offset)
    if (this.#left && this.#left.before <= offset) this.#left = undefined
    this.#removeFirst(row => row.offset < offset)
  }

  /** Removes the dead letters that were written at this time or before. */
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
    // Only the count of removed dead letters is known.
    if (this.#left && from < this.#left.before) {
      const count = this.#left.count - (Math.min(to, this.#left.before - 1) - from + 1)
      this.#left = count > 0 ? { ...this.#left, count } : undefined
    }
    // A range can cover many more offsets than the table has rows.
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
    // A dead letter that was both redriven and dropped counts as redriven.
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

/** CloudEvents `type` under which the process receives a record of the dlq topic. No event of this type is ever written. */
export const DLQ_ENTRY_TYPE = 'io.sluice.dlq.entry'
/** Entity of all records of a partition. */
export const DLQ_SOURCE = '/dlq'

/**
 * Returns the consumer that keeps the open dead letters of each partition of the dlq topic.
 *
 * @param keptMs retention of the topic, in milliseconds
 */
export function openDeadLetters(keptMs: number): KeyedProcess<OpenDeadLetters, DlqEntry> {
  return {
    name: 'open-dead-letters',
    trustsProducers: true,
    accepts: [DLQ_ENTRY_TYPE],
    onEvent(state, { data, timeMs }) {
      if (!data) return rejected('the record of the dlq topic has no data')
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

/** Returns the timer that fires when retention may have deleted the oldest dead letter. */
function expiry({ rows, left }: DeadLetterFold, keptMs: number, nowMs: number): TimerChange {
  const [first] = rows
  const oldestMs = left?.newestMs ?? first?.writtenAtMs
  if (oldestMs === undefined) return { name: 'expiry' }
  return { name: 'expiry', dueMs: Math.max(oldestMs + keptMs, nowMs + 1) }
}
