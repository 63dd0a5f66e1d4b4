/**
 * What one invocation has of a partition and is not decided yet: the records that were delivered, and those that the
 * log was asked for because nobody had delivered them.
 */
import { withCarriedTime } from '../cloudevents/log-time.ts'
import { type LogRecord, sizeOf } from '../cloudevents/record.ts'
import type { Consumer } from './consumer.ts'
import type { Looked, Stretch } from './ports.ts'

export class Line {
  /** Ascending by offset, each offset once. */
  #records: readonly LogRecord[]
  /** Of this stretch, whatever is not in the line holds nothing to read. What is decided is no part of it any more. */
  #seen: Stretch = { fromOffset: 0, toOffset: -1 }
  readonly #limits: Consumer['limits']
  readonly #logTime: Consumer['logTime']

  /** @param records ascending by offset, each offset once */
  constructor(records: readonly LogRecord[], { limits, logTime }: Pick<Consumer, 'limits' | 'logTime'>) {
    this.#limits = limits
    this.#logTime = logTime
    this.#records = this.#timed(records)
  }

  get isEmpty(): boolean {
    return this.#records.length === 0
  }

  /**
   * The next records, in order and without a hole between them, as many as one commit takes on; a record larger than the
   * limit is a wave of its own.
   */
  get wave(): readonly LogRecord[] {
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

  /**
   * What lies between the mark and the first record after it, and was not looked at: on to the last hole of the line. The
   * mark may be lower than it was before: the store can forget at any time.
   */
  missing(mark: number): Stretch | undefined {
    const first = this.#records.findIndex(({ offset }) => offset > mark)
    const next = this.#records[first]
    const hole = next && this.#unseen(mark + 1, next.offset - 1)
    if (!hole) return undefined
    // All holes at once: a topic written in transactions has one after each, and each look costs a round trip.
    const last = this.#records.findLastIndex((_, index) => index > first && this.#holeBefore(index))
    return last < 0 ? hole : { ...hole, toOffset: (this.#records[last] as LogRecord).offset - 1 }
  }

  /** Puts what the log has shown, from an offset on, in its place. Returns what was not here before. */
  insert(fromOffset: number, { records, nextOffset }: Looked): readonly LogRecord[] {
    const delivered = new Set(this.#records.map(({ offset }) => offset))
    const added = this.#timed(records.filter(({ offset }) => !delivered.has(offset) && offset < nextOffset))
    this.#records = [...this.#records, ...added].sort((a, b) => a.offset - b.offset)
    const adjoins = fromOffset === this.#seen.toOffset + 1
    this.#seen = { fromOffset: adjoins ? this.#seen.fromOffset : fromOffset, toOffset: nextOffset - 1 }
    return added
  }

  /** Takes out what is decided. */
  decided(toOffset: number): void {
    const rest = this.#records.findIndex(({ offset }) => offset > toOffset)
    this.#records = rest < 0 ? [] : this.#records.slice(rest)
    this.#seen = { ...this.#seen, fromOffset: Math.max(this.#seen.fromOffset, toOffset + 1) }
  }

  /** Whatever enters the line has the time by which its consumer goes. */
  #timed(records: readonly LogRecord[]): readonly LogRecord[] {
    return this.#logTime === 'carried' ? records.map(withCarriedTime) : records
  }

  #holeBefore(index: number): Stretch | undefined {
    const [before, record] = [this.#records[index - 1], this.#records[index]]
    return before && record && this.#unseen(before.offset + 1, record.offset - 1)
  }

  /** What of a stretch between two records was not looked at, if anything. */
  #unseen(fromOffset: number, toOffset: number): Stretch | undefined {
    const isSeen = fromOffset >= this.#seen.fromOffset && fromOffset <= this.#seen.toOffset
    const from = isSeen ? this.#seen.toOffset + 1 : fromOffset
    return from <= toOffset ? { fromOffset: from, toOffset } : undefined
  }
}
