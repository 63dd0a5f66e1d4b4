/**
 * Reads the current dead letters. The stored table of the consumer `open-dead-letters` is combined with the records that the
 * consumer has not processed yet. The result is therefore exact even if the consumer has lag. If Redis is unavailable, the whole
 * topic is read instead, with the same result.
 */

import { formatEntity } from '#runtime/consumer'
import type { Bounds } from '#runtime/operating/kafka'
import type { StateInspection } from '#runtime/operating/states'
import { type LogReader, Unavailable } from '#runtime/pipeline'
import { type BrokenRow, type DeadLetterRow, dlqEntry } from '../failures/dead-letter-row.ts'
import { DeadLetterFold, DLQ_SOURCE, type OpenDeadLetters } from '../failures/open-dead-letters.ts'
import type { Families } from '../telemetry/families.ts'
import { readRecordGroups } from './read-records.ts'

/** Position of a dead letter in the dlq topic. */
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
  readonly families: Families
  /** Returns the current bounds of the topic's partitions. */
  readonly bounds: () => Promise<readonly Bounds[]>
  /** Returns the time, in milliseconds since the epoch, from which the topic keeps records; absent to leave out none. */
  readonly keptSinceMs?: () => number
  /** Returns the connection to the stored table. If absent, the topic is read from its start. */
  readonly states?: () => Promise<Pick<StateInspection, 'state' | 'summary'>>
}

export interface DeadLettersNow {
  /** Dead letters in the order of writing. Handled dead letters are included only if the topic was read instead of the table. */
  readonly rows: readonly PlacedRow[]
  /** Number of open dead letters that were removed from the table to make room for newer ones. They are still in the topic. */
  readonly left: number
  /** Time after which the table is complete; undefined if it contains all open dead letters. */
  readonly wholeAfterMs: number | undefined
  /**
   * Time at which the oldest open dead letter was written, in milliseconds since the epoch. This dead letter is possibly no longer
   * in the table.
   */
  readonly oldestMs: number | undefined
  /** Source of the dead letters. `topic`: all records were read, and the table was not used. */
  readonly from: 'table' | 'topic'
  /** Reason why the requested table could not be used; undefined if it was used, or does not exist yet. */
  readonly withoutTable: string | undefined
  /** Number of records in the topic that have not been read yet. */
  readonly pending: number
}

interface DeadLettersOptions {
  /** True to read the topic instead of the table, because only the topic contains handled dead letters. */
  readonly withHandled?: boolean
  /** Maximum number of records to read in each partition, from the newest backwards. */
  readonly newest?: number
}

/** Maximum number of dead letters per partition in memory. As in the stored table, the oldest are removed first. */
const MAX_IN_MEMORY = 200_000

/** Reads the current dead letters. The first call reads the table or the topic, and each later call reads only new records. */
export class DeadLetters {
  readonly #source: DeadLetterSource
  readonly #options: DeadLettersOptions
  readonly #partitions: DeadLetterFold[] = []
  #from: DeadLettersNow['from'] = 'topic'
  #withoutTable: string | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(source: DeadLetterSource, options: DeadLettersOptions = {}) {
    this.#source = source
    this.#options = options
  }

  /**
   * Reads up to the current end of the topic. Concurrent calls run one after the other.
   *
   * @param mayGoOn called between reads. If it returns false, the call ends early.
   * @throws the signal's reason if the signal is aborted, because an incomplete result could be mistaken for a complete one;
   * otherwise see `readRecords`
   */
  look(mayGoOn: () => boolean = () => true, signal?: AbortSignal): Promise<DeadLettersNow> {
    return this.#inTurn(async () => this.#now(await this.#read(mayGoOn, signal)))
  }

  /** Reads up to the current end of the topic, and returns those of the given dead letters that are still open. @throws see `look` */
  async findOpen<Place extends DeadLetterPlace>(places: readonly Place[]): Promise<readonly Place[]> {
    await this.#inTurn(() => this.#read(() => true))
    return places.filter(({ partition, offset }) => this.#partitions[partition]?.isOpen(offset))
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work)
    this.#last = result.catch(() => {})
    return result
  }

  async #read(mayGoOn: () => boolean, signal?: AbortSignal): Promise<readonly Bounds[]> {
    const { log, topic, families } = this.#source
    const bounds = await this.#source.bounds()
    await this.#begin(bounds)
    const ranges = bounds.map(({ start, end }, partition) => {
      const fold = this.#partitions[partition] as DeadLetterFold
      fold.startAt(start)
      return { topic, partition, start: fold.next, end }
    })
    let isEnded = true
    for await (const records of readRecordGroups(log, ranges)) {
      for (const record of records) this.#partitions[record.partition]?.apply(dlqEntry(families, record))
      signal?.throwIfAborted()
      isEnded = mayGoOn()
      if (!isEnded) break
    }
    signal?.throwIfAborted()
    const keptSinceMs = this.#source.keptSinceMs?.()
    if (keptSinceMs !== undefined) for (const fold of this.#partitions) fold.expire(keptSinceMs)
    // Transaction markers can follow the last record, so the position is set to the end.
    if (isEnded) for (const [partition, { end }] of bounds.entries()) this.#partitions[partition]?.readTo(end)
    return bounds
  }

  /** Loads the stored table if it exists. Starts over if the topic was recreated. */
  async #begin(bounds: readonly Bounds[]): Promise<void> {
    const unknown = bounds.flatMap(({ end }, partition) => {
      const fold = this.#partitions[partition]
      return fold && fold.next <= end ? [] : [partition]
    })
    if (unknown.length === 0) return
    const stored = await this.#readStored(unknown)
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

  async #readStored(partitions: readonly number[]): Promise<readonly (OpenDeadLetters | undefined)[]> {
    const { states, topic } = this.#source
    if (!states || this.#options.withHandled) return []
    try {
      const inspection = await states()
      return await Promise.all(
        partitions.map(partition => readStoredDeadLetters(inspection, topic, partition)),
      )
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
    const openMs = [
      rows.find(({ handled }) => !handled)?.writtenAtMs,
      ...left.map(letters => letters.oldestMs),
    ]
    const oldest = openMs.filter(timeMs => timeMs !== undefined)
    return {
      rows,
      left: left.reduce((sum, { count }) => sum + count, 0),
      wholeAfterMs: left.length > 0 ? Math.max(...left.map(({ newestMs }) => newestMs)) : undefined,
      oldestMs: oldest.length > 0 ? Math.min(...oldest) : undefined,
      from: this.#from,
      withoutTable: this.#withoutTable,
      pending: bounds.reduce((sum, { end }, partition) => sum + end - (folds[partition]?.next ?? end), 0),
    }
  }
}

/** Returns the stored table of one partition, with the offset up to which it is known to be complete. */
async function readStoredDeadLetters(
  inspection: Pick<StateInspection, 'state' | 'summary'>,
  topic: string,
  partition: number,
): Promise<OpenDeadLetters | undefined> {
  const key = { consumer: 'open-dead-letters', topic, partition }
  const { appliedOffset } = await inspection.summary(key)
  const state = await inspection.state(key, formatEntity({ source: DLQ_SOURCE, subject: String(partition) }))
  if (state === undefined) return undefined
  const letters = state as OpenDeadLetters
  return { ...letters, next: Math.max(letters.next, appliedOffset + 1) }
}
