/**
 * What one invocation has of a partition and is not decided yet: the records that were delivered, and those that the
 * log was asked for because nobody had delivered them.
 */
import type { LogRecord } from '../cloudevents/record.ts'
import type { Looked, Stretch } from './ports.ts'

/** The most that one commit takes on: bounds the run time of its script and the size of its command. */
export const WAVE_LIMITS = { records: 500, bytes: 4 * 1024 * 1024 } as const

export class Line {
  /** Ascending by offset, each offset once. */
  #records: readonly LogRecord[]
  /** Every offset up to here was delivered, was read, or holds nothing to read. */
  #seenTo = -1
  readonly #limits: { readonly records: number; readonly bytes: number }

  /** @param records ascending by offset, each offset once */
  constructor(records: readonly LogRecord[], limits: { records: number; bytes: number } = WAVE_LIMITS) {
    this.#records = records
    this.#limits = limits
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
      bytes += record.value?.length ?? 0
      const isBeyond = count >= this.#limits.records || bytes > this.#limits.bytes
      if (count > 0 && (isBeyond || this.#isHoleBefore(count))) break
      count += 1
    }
    return this.#records.slice(0, count)
  }

  /** What lies between the mark and the first record after it, and was not looked at: on to the last hole of the line. */
  missing(mark: number): Stretch | undefined {
    const first = this.#records.findIndex(({ offset }) => offset > mark)
    const fromOffset = Math.max(mark, this.#seenTo) + 1
    const next = this.#records[first]
    if (next === undefined || next.offset <= fromOffset) return undefined
    // All holes at once: a topic written in transactions has one after each, and each look costs a round trip.
    const last = this.#records.findLastIndex((_, index) => index > first && this.#isHoleBefore(index))
    return { fromOffset, toOffset: (this.#records[Math.max(last, first)] as LogRecord).offset - 1 }
  }

  /** Puts what the log has shown of a stretch in its place. Returns what was not here before. */
  insert({ records, nextOffset }: Looked): readonly LogRecord[] {
    const delivered = new Set(this.#records.map(({ offset }) => offset))
    const added = records.filter(({ offset }) => !delivered.has(offset) && offset < nextOffset)
    this.#records = [...this.#records, ...added].sort((a, b) => a.offset - b.offset)
    this.#seenTo = nextOffset - 1
    return added
  }

  /** Takes out what is decided. */
  decided(toOffset: number): void {
    const rest = this.#records.findIndex(({ offset }) => offset > toOffset)
    this.#records = rest < 0 ? [] : this.#records.slice(rest)
  }

  #isHoleBefore(index: number): boolean {
    const [before, record] = [this.#records[index - 1], this.#records[index]]
    return (
      before !== undefined &&
      record !== undefined &&
      record.offset > Math.max(before.offset, this.#seenTo) + 1
    )
  }
}
