/** The newest dead letters, kept in memory and read on from where the last look ended: for who looks again and again. */
import type { LogReader } from '../../packages/runtime/pipeline/ports.ts'
import { type BrokenDeadLetter, type HandledAction, readDlqRecord } from './dead-letter-records.ts'
import { type DeadLetterSummary, deadLetterSummary } from './dead-letters.ts'
import { LetterCopies } from './letter-copies.ts'
import { readRecordGroups } from './records.ts'

/** A dead letter without its bytes. */
export interface RecentDeadLetter extends Omit<DeadLetterSummary, 'handled'> {
  readonly kind: 'letter'
  readonly writtenAtMs: number
  handled: HandledAction | null
}

interface RecentBroken extends BrokenDeadLetter {
  handled: HandledAction | null
}

export type Recent = RecentDeadLetter | RecentBroken

export interface RecentDeadLetters {
  /** The newest first. */
  readonly letters: readonly Recent[]
  /** How many records of the topic they were found in. */
  readonly records: number
  /** Whether these are all that the topic holds; if not, there are older ones. */
  readonly isWhole: boolean
  /** How many records this look has not come to: the next one goes on from there. */
  readonly pending: number
}

interface Bounds {
  readonly start: number
  readonly end: number
}

/** Long errors are shown in whole with the letter itself. */
const LONGEST_ERROR = 300

export class DeadLetterWatch {
  readonly #most: number
  readonly #partitions: Partition[] = []
  #last: Promise<unknown> = Promise.resolve()

  /** @param most how many records of each partition are looked at, the newest */
  constructor(most: number) {
    this.#most = most
  }

  /**
   * Reads what is new. One look follows the other.
   *
   * @param bounds of the topic's partitions now
   * @param mayGoOn asked between reads: false ends the look early
   * @throws see `readRecords`
   */
  look(
    log: LogReader,
    topic: string,
    bounds: () => Promise<readonly Bounds[]>,
    mayGoOn: () => boolean = () => true,
  ): Promise<RecentDeadLetters> {
    const looked = this.#last.then(async () => this.#look(log, topic, await bounds(), mayGoOn))
    this.#last = looked.catch(() => {})
    return looked
  }

  async #look(
    log: LogReader,
    topic: string,
    bounds: readonly Bounds[],
    mayGoOn: () => boolean,
  ): Promise<RecentDeadLetters> {
    const ranges = bounds.map((bound, partition) => {
      const known = this.#partitions[partition]
      // A log that ends before what was read is another one.
      const part = known && known.next <= bound.end ? known : new Partition()
      this.#partitions[partition] = part
      part.keep(Math.max(bound.start, bound.end - this.#most))
      return { topic, partition, start: part.next, end: bound.end }
    })
    let isEnded = true
    for await (const records of readRecordGroups(log, ranges)) {
      for (const record of records) this.#partitions[record.partition]?.take(record)
      isEnded = mayGoOn()
      if (!isEnded) break
    }
    // What lies between the last record and the end are markers of transactions.
    if (isEnded) for (const [partition, { end }] of bounds.entries()) this.#partitions[partition]?.readTo(end)
    const letters = this.#partitions.flatMap(({ letters }) => letters)
    return {
      // Those of one batch have the same time.
      letters: letters.toSorted((a, b) => b.writtenAtMs - a.writtenAtMs || b.offset - a.offset),
      records: this.#partitions.reduce((sum, { start, next }) => sum + next - start, 0),
      isWhole: bounds.every(({ start }, partition) => (this.#partitions[partition]?.start ?? 0) <= start),
      pending: bounds.reduce(
        (sum, { end }, partition) => sum + end - (this.#partitions[partition]?.next ?? end),
        0,
      ),
    }
  }
}

class Partition {
  /** The first offset that is looked at, and the one that is read next. */
  start = 0
  next = 0
  /** In the order of their offsets. */
  letters: Recent[] = []
  readonly #copies = new LetterCopies()

  /** Forgets what lies before an offset. */
  keep(start: number): void {
    this.start = start
    this.next = Math.max(this.next, start)
    const first = this.letters.findIndex(({ offset }) => offset >= start)
    if (first !== 0) this.letters = first < 0 ? [] : this.letters.slice(first)
  }

  take(record: Parameters<typeof readDlqRecord>[0]): void {
    this.next = record.offset + 1
    const read = readDlqRecord(record)
    if (read.kind === 'broken') this.letters.push({ ...read, handled: null })
    if (read.kind === 'letter' && !this.#copies.isCopy(read)) {
      const summary = deadLetterSummary(read)
      const error = summary.error.slice(0, LONGEST_ERROR)
      this.letters.push({ ...summary, error, kind: 'letter', writtenAtMs: read.writtenAtMs, handled: null })
    }
    if (read.kind === 'handled')
      // It can tell only of what lies before it.
      for (const { from, to } of read.handled.ranges)
        this.#handle(read.handled.action, from, Math.min(to, record.offset - 1))
  }

  readTo(end: number): void {
    this.next = Math.max(this.next, end)
  }

  /** What was redriven and dropped counts as redriven. */
  #handle(action: HandledAction, from: number, to: number): void {
    for (let at = this.#indexOf(from); at < this.letters.length; at++) {
      const letter = this.letters[at] as Recent
      if (letter.offset > to) return
      if (letter.handled !== 'redriven') letter.handled = action
    }
  }

  /** Of the first letter at an offset or behind it. */
  #indexOf(offset: number): number {
    let [low, high] = [0, this.letters.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.letters[middle] as Recent).offset < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
