/**
 * Undecided records of a partition in an invocation. They were delivered by Lambda, or were missing from the batch and then read
 * from the log.
 */
import { withLogTime } from '../../cloudevents/log-time.ts'
import { estimateSize, type LogRecord } from '../../cloudevents/record.ts'
import type { Consumer } from '../consumer.ts'
import { computeDigest } from '../model/fingerprint.ts'
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

  /** True if the records of the log replace those that were delivered, which may be of a log that no longer exists. */
  readonly isCompared: boolean
  /** True if the delivered records were compared with the log, and none differed. Undefined until one is compared. */
  isOfLog: boolean | undefined

  /** @param foreign set for a log of another application */
  constructor(
    records: readonly LogRecord[],
    { limits, logTime }: Pick<Consumer, 'limits' | 'logTime'>,
    foreign?: ForeignLog,
    isCompared = false,
  ) {
    this.isCompared = isCompared
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
    const hole = next && this.#hole(appliedOffset + 1, this.#beforeKnown(next))
    if (!hole) return undefined
    // Read all holes at once, because each read costs a round trip. A topic that is written in transactions has a hole after each
    // transaction.
    const last = this.#records.findLastIndex((_, index) => index > first && this.#holeBefore(index))
    return last < 0 ? hole : { ...hole, toOffset: this.#beforeKnown(this.#records[last] as LogRecord) }
  }

  /** Inserts records that were read from the log from the given offset. Returns the records that were not pending before. */
  insert(fromOffset: number, { records, nextOffset, logStart }: ReadRange): readonly LogRecord[] {
    this.#logStart = logStart
    const delivered = new Set(this.#records.map(({ offset }) => offset))
    const read = this.#placeInLog(records.filter(({ offset }) => offset < nextOffset))
    const added = read.filter(({ offset }) => !delivered.has(offset))
    const range = { fromOffset, toOffset: nextOffset - 1 }
    if (this.isCompared) this.#compare(range, read)
    const inserted = this.isCompared ? read : added
    this.#records = [...this.#records, ...inserted].sort((a, b) => a.offset - b.offset)
    this.#lastRead = Math.max(this.#lastRead, inserted.at(-1)?.offset ?? -1)
    this.#seen = [...this.#seen, range].sort((a, b) => a.fromOffset - b.fromOffset)
    return added
  }

  /** Compares the delivered records of a range with those of the log, and removes them. */
  #compare({ fromOffset, toOffset }: OffsetRange, read: readonly LogRecord[]): void {
    const log = new Map(read.map(record => [record.offset, record]))
    this.#records = this.#records.filter(record => {
      if (record.offset < fromOffset || record.offset > toOffset) return true
      this.isOfLog = this.isOfLog !== false && isSame(record, log.get(record.offset))
      return false
    })
  }

  /** Removes the records from this offset on, which the log does not have. */
  dropFrom(offset: number): void {
    this.#records = this.#records.filter(record => record.offset < offset)
    this.isOfLog = false
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
    return before && record && this.#hole(before.offset + 1, this.#beforeKnown(record))
  }

  /** Last offset before a record that can be a hole: a record that is still to be compared is one itself. */
  #beforeKnown({ offset }: LogRecord): number {
    return this.isCompared ? offset : offset - 1
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

function isSame(record: LogRecord, other: LogRecord | undefined): boolean {
  return record.timestampMs === other?.timestampMs && computeDigest(record) === computeDigest(other)
}
