/**
 * The present dead letters: the table that the consumer `open-dead-letters` stores, and the records of the dlq topic behind it,
 * folded in the same way. So the answer is exact however far the consumer is, and without Redis the topic alone gives the same
 * answer.
 */
import type { Bounds } from '../../packages/runtime/adapters/kafka/offsets.ts'
import type { StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import { entityOf } from '../../packages/runtime/consumer/event.ts'
import { Unavailable } from '../../packages/runtime/pipeline/errors.ts'
import type { LogReader } from '../../packages/runtime/pipeline/ports.ts'
import { type BrokenRow, type DeadLetterRow, entryOf } from '../failures/dead-letter-row.ts'
import { readDlqRecord } from '../failures/dlq-record.ts'
import { DeadLetterFold, DLQ_SOURCE, type OpenDeadLetters } from '../failures/open-dead-letters.ts'
import { TICK_TYPE } from '../telemetry/tick.ts'
import { readRecordGroups } from './records.ts'

/** The place of a dead letter in the dlq topic. */
export interface DeadLetterPlace {
  readonly partition: number
  readonly offset: number
}

export type PlacedDeadLetter = DeadLetterRow & DeadLetterPlace
type PlacedBroken = BrokenRow & DeadLetterPlace
export type PlacedRow = PlacedDeadLetter | PlacedBroken

export interface DeadLetterSource {
  readonly log: LogReader
  /** Name of the dlq topic in Kafka. */
  readonly topic: string
  /** Bounds of its partitions now. */
  readonly bounds: () => Promise<readonly Bounds[]>
  /** Where the table is stored. Absent: the topic is read from its start. */
  readonly states?: () => Promise<Pick<StateInspection, 'state' | 'summary'>>
}

export interface DeadLettersNow {
  /** Rows in the order of writing: open dead letters, and handled ones if the topic was read instead of the table. */
  readonly rows: readonly PlacedRow[]
  /** Open dead letters that the table does not hold, because newer ones needed the room. They are still in the topic. */
  readonly left: number
  /** The table holds all open dead letters that were written after this time; undefined if it holds all. */
  readonly wholeAfterMs: number | undefined
  /** When the oldest open dead letter was written, held or not; milliseconds since the epoch. */
  readonly oldestMs: number | undefined
  /** `topic`: no part of the table was used, but all records were read. */
  readonly from: 'table' | 'topic'
  /** Why the table was not used although it was asked for; undefined if it was, or does not exist yet. */
  readonly withoutTable: string | undefined
  /** Records that are neither dead letters nor about them; null if not all were read. */
  readonly others: number | null
  /** Records of the topic that this look has not come to. */
  readonly pending: number
}

interface DeadLettersOptions {
  /** Reads the topic instead of the table, because only the topic knows handled dead letters. */
  readonly withHandled?: boolean
  /** Only the newest records of each partition are read. */
  readonly newest?: number
}

/**
 * Maximum number of dead letters that a reader holds in memory, for each partition: the oldest leave first, as they leave the
 * stored table.
 */
const MAX_IN_MEMORY = 200_000

/** Reads the dead letters, and with each further look only the records that are new. */
export class DeadLetters {
  readonly #source: DeadLetterSource
  readonly #options: DeadLettersOptions
  readonly #partitions: DeadLetterFold[] = []
  #from: DeadLettersNow['from'] = 'topic'
  #withoutTable: string | undefined
  #others = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor(source: DeadLetterSource, options: DeadLettersOptions = {}) {
    this.#source = source
    this.#options = options
  }

  /**
   * Catches up with the topic. One look follows the other.
   *
   * @param mayGoOn asked between reads: false ends the look early
   * @throws the reason of the signal if it is aborted, since a part must not look like the whole; else see `readRecords`
   */
  look(mayGoOn: () => boolean = () => true, signal?: AbortSignal): Promise<DeadLettersNow> {
    const looked = this.#last.then(() => this.#look(mayGoOn, signal))
    this.#last = looked.catch(() => {})
    return looked
  }

  async #look(mayGoOn: () => boolean, signal: AbortSignal | undefined): Promise<DeadLettersNow> {
    const { log, topic } = this.#source
    const bounds = await this.#source.bounds()
    await this.#begin(bounds)
    const ranges = bounds.map(({ start, end }, partition) => {
      const fold = this.#partitions[partition] as DeadLetterFold
      fold.startAt(start)
      return { topic, partition, start: fold.next, end }
    })
    let isEnded = true
    for await (const records of readRecordGroups(log, ranges)) {
      for (const record of records) {
        const read = readDlqRecord(record)
        this.#partitions[record.partition]?.take(entryOf(read, record))
        if (read.kind === 'other' && read.type !== TICK_TYPE) this.#others += 1
      }
      signal?.throwIfAborted()
      isEnded = mayGoOn()
      if (!isEnded) break
    }
    signal?.throwIfAborted()
    // Between the last record and the end there are markers of transactions.
    if (isEnded) for (const [partition, { end }] of bounds.entries()) this.#partitions[partition]?.readTo(end)
    return this.#now(bounds)
  }

  /** Begins with the stored table, if it exists; and again if the topic was recreated. */
  async #begin(bounds: readonly Bounds[]): Promise<void> {
    const unknown = bounds.flatMap(({ end }, partition) => {
      const fold = this.#partitions[partition]
      return fold && fold.next <= end ? [] : [partition]
    })
    if (unknown.length === 0) return
    const stored = await this.#stored(unknown)
    for (const [index, partition] of unknown.entries()) {
      const { end } = bounds[partition] as Bounds
      const table = stored[index]
      const isUsable = table !== undefined && table.next <= end
      if (isUsable) this.#from = 'table'
      const { newest } = this.#options
      const limits = {
        bounds: { rows: MAX_IN_MEMORY, bytes: Number.POSITIVE_INFINITY },
        keepsHandled: !isUsable,
      }
      const fold = new DeadLetterFold(isUsable ? table : undefined, limits)
      if (newest !== undefined) fold.startAt(end - newest)
      this.#partitions[partition] = fold
    }
  }

  async #stored(partitions: readonly number[]): Promise<readonly (OpenDeadLetters | undefined)[]> {
    const { states, topic } = this.#source
    if (!states || this.#options.withHandled) return []
    try {
      const inspection = await states()
      return await Promise.all(partitions.map(partition => storedDeadLetters(inspection, topic, partition)))
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error
      this.#withoutTable = error.message
      return []
    }
  }

  #now(bounds: readonly Bounds[]): DeadLettersNow {
    const folds = this.#partitions.slice(0, bounds.length)
    const rows = folds.flatMap((fold, partition) => [...fold.rows].map(row => ({ ...row, partition })))
    const left = folds.flatMap(fold => fold.left ?? [])
    rows.sort((a, b) => a.writtenAtMs - b.writtenAtMs || a.partition - b.partition || a.offset - b.offset)
    const openMs = [rows.find(({ handled }) => !handled)?.writtenAtMs, ...left.map(one => one.oldestMs)]
    const oldest = openMs.filter(timeMs => timeMs !== undefined)
    return {
      rows,
      left: left.reduce((sum, { count }) => sum + count, 0),
      wholeAfterMs: left.length > 0 ? Math.max(...left.map(({ newestMs }) => newestMs)) : undefined,
      oldestMs: oldest.length > 0 ? Math.min(...oldest) : undefined,
      from: this.#from,
      withoutTable: this.#withoutTable,
      others: this.#from === 'topic' && this.#options.newest === undefined ? this.#others : null,
      pending: bounds.reduce((sum, { end }, partition) => sum + end - (folds[partition]?.next ?? end), 0),
    }
  }
}

/** The stored table of one partition, up to the offset that the consumer had applied before it was read. */
async function storedDeadLetters(
  inspection: Pick<StateInspection, 'state' | 'summary'>,
  topic: string,
  partition: number,
): Promise<OpenDeadLetters | undefined> {
  const key = { consumer: 'open-dead-letters', topic, partition }
  const { appliedOffset } = await inspection.summary(key)
  const state = await inspection.state(key, entityOf({ source: DLQ_SOURCE, subject: String(partition) }))
  if (state === undefined) return undefined
  const letters = state as OpenDeadLetters
  return { ...letters, next: Math.max(letters.next, appliedOffset + 1) }
}
