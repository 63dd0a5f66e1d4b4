/**
 * Undecided records of a partition in an invocation. They were delivered by Lambda, or were missing from the batch and then read
 * from the log.
 */
import { withLogTime } from '../../cloudevents/log-time.ts'
import { estimateSize, type LogRecord } from '../../cloudevents/record.ts'
import type { Consumer } from '../consumer.ts'
import type { OffsetRange, ReadRange } from '../model/log.ts'

export class PendingRecords {
  /** Records in ascending order of offset, each offset once. */
  #records: readonly LogRecord[]
  /**
   * Undecided ranges of offsets that were read from the log, in ascending order. If an offset in such a range has no pending
   * record, the log has no record at that offset.
   */
  #seen: readonly OffsetRange[] = []
  #lastRead = -1
  #logStart = 0
  readonly #limits: Consumer['limits']
  readonly #logTime: Consumer['logTime']

  constructor(records: readonly LogRecord[], { limits, logTime }: Pick<Consumer, 'limits' | 'logTime'>) {
    this.#limits = limits
    this.#logTime = logTime
    this.#records = this.#placeInLog(records)
  }

  get isEmpty(): boolean {
    return this.#records.length === 0
  }

  /** True if records that were read from the log may be pending. */
  get hasReadBack(): boolean {
    const [first] = this.#records
    return first !== undefined && first.offset <= this.#lastRead
  }

  /** Next records, as many as fit into one commit, up to the first hole. A record that is too large forms a chunk of its own. */
  get chunk(): readonly LogRecord[] {
    let count = 0
    let bytes = 0
    for (const record of this.#records) {
      bytes += estimateSize(record)
      const isBeyond = count >= this.#limits.records || bytes > this.#limits.bytes
      if (count > 0 && (isBeyond || this.#holeBefore(count))) break
      count += 1
    }
    return this.#records.slice(0, count)
  }

  /** Returns true if the first record after the applied offset has expired, as far as the log was read. */
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
      const hole = this.findHole((rest[index - 1]?.offset ?? appliedOffset) + 1, offset - 1)
      return hole ? [{ index, hole }] : []
    })
    const [first, last] = [holes[0], holes.at(-1)]
    if (!first || !last) return { records: rest }
    return { records: rest.slice(0, first.index), holes: { ...first.hole, toOffset: last.hole.toOffset } }
  }

  /**
   * Returns the range to read from the log, if there is a hole between the applied offset and the next pending record; otherwise
   * undefined. The range starts with that hole and ends with the last hole between pending records. The applied offset may have
   * decreased, because the store can lose data at any time.
   */
  holeAfter(appliedOffset: number): OffsetRange | undefined {
    const next = this.#records.find(({ offset }) => offset > appliedOffset)
    const hole = next && this.findHole(appliedOffset + 1, next.offset - 1)
    // Read all holes at once, because each read costs a round trip. A topic that is written in transactions has a hole after each
    // transaction.
    return hole && this.upToHole(appliedOffset).holes
  }

  /** Returns true if these records are the first pending ones after the applied offset, and no record before them may be missing. */
  beginsWith(appliedOffset: number, records: readonly { readonly record: LogRecord }[]): boolean {
    const start = this.#records.findIndex(({ offset }) => offset > appliedOffset)
    return records.every(({ record: { offset } }, n) => {
      const before = records[n - 1]?.record.offset ?? appliedOffset
      const isNext = this.#records[start + n]?.offset === offset && offset > before
      return isNext && !this.findHole(before + 1, offset - 1)
    })
  }

  /** Inserts records that were read from the log from the given offset. Returns the records that were not pending before. */
  insert(fromOffset: number, { records, nextOffset, logStart }: ReadRange): readonly LogRecord[] {
    this.#logStart = logStart
    const delivered = new Set(this.#records.map(({ offset }) => offset))
    const read = this.#placeInLog(records.filter(({ offset }) => offset < nextOffset))
    const added = read.filter(({ offset }) => !delivered.has(offset))
    const range = { fromOffset, toOffset: nextOffset - 1 }
    this.#records = [...this.#records, ...added].sort((a, b) => a.offset - b.offset)
    this.#lastRead = Math.max(this.#lastRead, added.at(-1)?.offset ?? -1)
    this.#seen = [...this.#seen, range].sort((a, b) => a.fromOffset - b.fromOffset)
    return added
  }

  /** Removes the records up to this offset. They need no further work in this batch. */
  dropTo(toOffset: number): void {
    const next = this.#records.findIndex(({ offset }) => offset > toOffset)
    this.#records = next < 0 ? [] : this.#records.slice(next)
    // Forget the ranges too: if the store loses its state in the meantime, these offsets must be read again.
    const rest = this.#seen.filter(seen => seen.toOffset > toOffset)
    this.#seen = rest.map(seen => ({ ...seen, fromOffset: Math.max(seen.fromOffset, toOffset + 1) }))
  }

  #placeInLog(records: readonly LogRecord[]): readonly LogRecord[] {
    if (this.#logTime === 'append') return records
    return records.map(record => withLogTime(record, this.#logTime))
  }

  #holeBefore(index: number): OffsetRange | undefined {
    const [before, record] = [this.#records[index - 1], this.#records[index]]
    return before && record && this.findHole(before.offset + 1, record.offset - 1)
  }

  /**
   * Returns the offsets of a range that were not read from the log, so that records may be missing there; undefined if there are
   * none.
   */
  findHole(fromOffset: number, toOffset: number): OffsetRange | undefined {
    let from = fromOffset
    for (const seen of this.#seen)
      if (from >= seen.fromOffset && from <= seen.toOffset) from = seen.toOffset + 1
    return from <= toOffset ? { fromOffset: from, toOffset } : undefined
  }
}
