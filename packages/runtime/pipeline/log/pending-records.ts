/**
 * Undecided records of a partition in an invocation. They were delivered by Lambda, or were missing from the batch and then read
 * from the log.
 */
import { withLogTime } from '../../cloudevents/log-time.ts'
import { estimateSize, type LogRecord } from '../../cloudevents/record.ts'
import type { Consumer } from '../consumer.ts'
import type { OffsetRange, ReadRange } from '../model/log.ts'

/** Properties of the records of a log of another application. */
export type ForeignLog = Pick<LogRecord, 'log' | 'readAtMs'>

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
  readonly #foreign: ForeignLog | undefined

  /** @param foreign set for a log of another application */
  constructor(
    records: readonly LogRecord[],
    { limits, logTime }: Pick<Consumer, 'limits' | 'logTime'>,
    foreign?: ForeignLog,
  ) {
    this.#limits = limits
    this.#logTime = logTime
    this.#foreign = foreign
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
      const hole = this.#hole((rest[index - 1]?.offset ?? appliedOffset) + 1, offset - 1)
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
    const first = this.#records.findIndex(({ offset }) => offset > appliedOffset)
    const next = this.#records[first]
    const hole = next && this.#hole(appliedOffset + 1, next.offset - 1)
    if (!hole) return undefined
    // Read all holes at once, because each read costs a round trip. A topic that is written in transactions has a hole after each
    // transaction.
    const last = this.#records.findLastIndex((_, index) => index > first && this.#holeBefore(index))
    return last < 0 ? hole : { ...hole, toOffset: (this.#records[last] as LogRecord).offset - 1 }
  }

  /** Inserts records that were read from the log from the given offset. Returns the records that were not pending before. */
  insert(fromOffset: number, { records, nextOffset, logStart }: ReadRange): readonly LogRecord[] {
    this.#logStart = logStart
    const delivered = new Set(this.#records.map(({ offset }) => offset))
    const added = this.#placeInLog(
      records.filter(({ offset }) => !delivered.has(offset) && offset < nextOffset),
    )
    this.#records = [...this.#records, ...added].sort((a, b) => a.offset - b.offset)
    this.#lastRead = Math.max(this.#lastRead, added.at(-1)?.offset ?? -1)
    const seen = [...this.#seen, { fromOffset, toOffset: nextOffset - 1 }]
    this.#seen = seen.sort((a, b) => a.fromOffset - b.fromOffset)
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
    if (this.#logTime === 'append' && this.#foreign === undefined) return records
    return records.map(record => ({ ...withLogTime(record, this.#logTime), ...this.#foreign }))
  }

  #holeBefore(index: number): OffsetRange | undefined {
    const [before, record] = [this.#records[index - 1], this.#records[index]]
    return before && record && this.#hole(before.offset + 1, record.offset - 1)
  }

  /**
   * Returns the hole between two records: the offsets that were neither delivered nor read, so that records may be missing there.
   * Returns undefined if there is no hole.
   */
  #hole(fromOffset: number, toOffset: number): OffsetRange | undefined {
    let from = fromOffset
    for (const seen of this.#seen)
      if (from >= seen.fromOffset && from <= seen.toOffset) from = seen.toOffset + 1
    return from <= toOffset ? { fromOffset: from, toOffset } : undefined
  }
}
