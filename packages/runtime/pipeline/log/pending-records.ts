/**
 * Undecided records of a partition in an invocation: those that were delivered, and those that were read from
 * the log because they had not been delivered.
 */
import { withCarriedTime } from '../../cloudevents/log-time.ts'
import { type LogRecord, sizeOf } from '../../cloudevents/record.ts'
import type { Consumer } from '../consumer.ts'
import type { OffsetRange, ReadRange } from '../model.ts'

export class PendingRecords {
  /** Records in ascending order of offset, each offset once. */
  #records: readonly LogRecord[]
  /**
   * Undecided ranges of offsets that were read from the log, ascending. An offset in such a range that is not
   * pending has no record.
   */
  #seen: readonly OffsetRange[] = []
  #lastRead = -1
  #logStart = 0
  readonly #limits: Consumer['limits']
  readonly #logTime: Consumer['logTime']

  constructor(records: readonly LogRecord[], { limits, logTime }: Pick<Consumer, 'limits' | 'logTime'>) {
    this.#limits = limits
    this.#logTime = logTime
    this.#records = this.#timed(records)
  }

  get isEmpty(): boolean {
    return this.#records.length === 0
  }

  /** True if records that were read from the log may be pending. */
  get hasReadBack(): boolean {
    const [first] = this.#records
    return first !== undefined && first.offset <= this.#lastRead
  }

  /** The next contiguous records, as many as fit into one commit. A record that is too large is a chunk by itself. */
  get chunk(): readonly LogRecord[] {
    let count = 0
    let bytes = 0
    for (const record of this.#records) {
      bytes += sizeOf(record)
      const isBeyond = count >= this.#limits.records || bytes > this.#limits.bytes
      if (count > 0 && (isBeyond || this.#holeBefore(count))) break
      count += 1
    }
    return this.#records.slice(0, count)
  }

  /** Returns true if the log, as far as it was read, no longer has the first record after the applied offset. */
  hasExpired(appliedOffset: number): boolean {
    return appliedOffset + 1 < this.#logStart
  }

  get all(): readonly LogRecord[] {
    return this.#records
  }

  /** Returns the records between the applied offset and the first hole, and the range from there to the end of the last hole. */
  upToHole(appliedOffset: number): { readonly records: readonly LogRecord[]; readonly holes?: OffsetRange } {
    const start = this.#records.findIndex(({ offset }) => offset > appliedOffset)
    const rest = start < 0 ? [] : this.#records.slice(start)
    const holes = rest.flatMap(({ offset }, index) => {
      const hole = this.#hole((rest[index - 1]?.offset ?? appliedOffset) + 1, offset - 1)
      return hole ? [{ index, hole }] : []
    })
    const [first, last] = [holes[0], holes.at(-1)]
    if (!first || !last) return { records: rest }
    return { records: rest.slice(0, first.index), holes: { ...first.hole, toOffset: last.hole.toOffset } }
  }

  /**
   * Returns the range to read from the log: from the hole between the applied offset and the next pending
   * record to the end of the last hole between pending records. Returns undefined if there is no hole before
   * that record. The applied offset may be lower than before, because the store can lose data at any time.
   */
  holeAfter(appliedOffset: number): OffsetRange | undefined {
    const first = this.#records.findIndex(({ offset }) => offset > appliedOffset)
    const next = this.#records[first]
    const hole = next && this.#hole(appliedOffset + 1, next.offset - 1)
    if (!hole) return undefined
    // Read all holes at once: a topic that is written in transactions has a hole after each transaction, and
    // each read costs a round trip.
    const last = this.#records.findLastIndex((_, index) => index > first && this.#holeBefore(index))
    return last < 0 ? hole : { ...hole, toOffset: (this.#records[last] as LogRecord).offset - 1 }
  }

  /** Inserts records that were read from the log, starting at an offset. Returns those that were not pending before. */
  insert(fromOffset: number, { records, nextOffset, logStart }: ReadRange): readonly LogRecord[] {
    this.#logStart = logStart
    const delivered = new Set(this.#records.map(({ offset }) => offset))
    const added = this.#timed(records.filter(({ offset }) => !delivered.has(offset) && offset < nextOffset))
    this.#records = [...this.#records, ...added].sort((a, b) => a.offset - b.offset)
    this.#lastRead = Math.max(this.#lastRead, added.at(-1)?.offset ?? -1)
    const seen = [...this.#seen, { fromOffset, toOffset: nextOffset - 1 }]
    this.#seen = seen.sort((a, b) => a.fromOffset - b.fromOffset)
    return added
  }

  /** Removes the records up to an offset, which are done for this batch. */
  dropTo(toOffset: number): void {
    const next = this.#records.findIndex(({ offset }) => offset > toOffset)
    this.#records = next < 0 ? [] : this.#records.slice(next)
    // Forget these ranges as well: if the store loses state in the meantime, their offsets must be read again.
    const rest = this.#seen.filter(seen => seen.toOffset > toOffset)
    this.#seen = rest.map(seen => ({ ...seen, fromOffset: Math.max(seen.fromOffset, toOffset + 1) }))
  }

  #timed(records: readonly LogRecord[]): readonly LogRecord[] {
    return this.#logTime === 'carried' ? records.map(withCarriedTime) : records
  }

  #holeBefore(index: number): OffsetRange | undefined {
    const [before, record] = [this.#records[index - 1], this.#records[index]]
    return before && record && this.#hole(before.offset + 1, record.offset - 1)
  }

  /**
   * Returns the part of a range between two records that was not read yet; undefined if all was read. It may
   * contain records that were not delivered.
   */
  #hole(fromOffset: number, toOffset: number): OffsetRange | undefined {
    let from = fromOffset
    for (const seen of this.#seen)
      if (from >= seen.fromOffset && from <= seen.toOffset) from = seen.toOffset + 1
    return from <= toOffset ? { fromOffset: from, toOffset } : undefined
  }
}
