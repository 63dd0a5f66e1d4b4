/**
 * Recent results from a topic, such as the readings of one entity. The first query searches the topic backward, up to a limit.
 * Later queries read only new records.
 */

import type { TopicOffsets } from '#runtime/adapters/kafka/topic-offsets.ts'
import type { LogRecord } from '#runtime/cloudevents/index.ts'
import { computePartition } from '#runtime/consumer/index.ts'
import type { LogReader } from '#runtime/pipeline/ports.ts'
import { readTopicReach } from '../../lib/queries/kafka/topics.ts'
import { type Range, toRanges } from '../../lib/queries/records/read-records.ts'
import { type Searched, searchNewest } from '../../lib/queries/records/search-newest.ts'

/** A result with a time. If there are too many results, the oldest are removed. */
interface Timed {
  /** Epoch milliseconds. */
  readonly timeMs: number
}

export interface RecentOptions<T extends Timed> {
  readonly log: () => Promise<LogReader>
  readonly offsets: () => Promise<Pick<TopicOffsets, 'bounds' | 'at'>>
  readonly topic: string
  /** Partition to read, or a record key that determines the partition. By default, all partitions are read. */
  readonly partition?: number | { readonly ofKey: string } | undefined
  /** Text that all relevant records contain. Records that do not contain it may be skipped. */
  readonly holding?: string | undefined
  /** Extracts results from records. */
  readonly find: (records: readonly LogRecord[]) => Promise<readonly T[]>
  /** Maximum number of results to keep. */
  readonly most: number
  readonly limits: { readonly mostRecords: number; readonly withinMs: number }
}

/** Append times to search, in epoch milliseconds. If `around` is given, it is searched first. */
export interface Period {
  readonly sinceMs: number
  /** Range to search first. All records since `sinceMs` are searched only if this range contains no results. */
  readonly around?: { readonly fromMs: number; readonly untilMs: number }
}

export interface Recent<T> {
  /** Results ordered by time, oldest first. */
  readonly found: readonly T[]
  /** Range that was searched. */
  readonly searched: Searched
}

export class RecentRecords<T extends Timed> {
  readonly #options: RecentOptions<T>
  #found: readonly T[] = []
  #searched: Searched = { records: 0, ended: 'whole' }
  /** Offset after the last record read, by partition; undefined before the first search. */
  #next: readonly number[] | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: RecentOptions<T>) {
    this.#options = options
  }

  /**
   * Returns the current results. Queries run one at a time. Each query continues where the previous one ended.
   *
   * @throws UnknownTopic, RefusedByKafka, Unavailable or PartitionStopped
   */
  get(period: Period): Promise<Recent<T>> {
    const answer = this.#last.then(() => this.#get(period))
    this.#last = answer.catch(() => {})
    return answer
  }

  async #get(period: Period): Promise<Recent<T>> {
    if (this.#next === undefined) await this.#begin(period)
    else await this.#continue(this.#next, period)
    return { found: this.#found, searched: this.#searched }
  }

  async #begin({ sinceMs, around }: Period): Promise<void> {
    const { topic } = this.#options
    this.#found = []
    const offsets = await this.#options.offsets()
    const reach = await readTopicReach(offsets, topic, sinceMs)
    if (around) {
      const [from, until] = [
        await readTopicReach(offsets, topic, around.fromMs),
        await readTopicReach(offsets, topic, around.untilMs),
      ]
      const ends = toRanges(topic, until)
      await this.#search(
        toRanges(topic, from).map((one, at) => ({ ...one, end: ends[at]?.start ?? one.end })),
      )
    }
    if (this.#found.length === 0) await this.#search(toRanges(topic, reach))
    this.#next = reach.bounds.map(({ end }) => end)
  }

  async #continue(next: readonly number[], period: Period): Promise<void> {
    const { topic } = this.#options
    const { bounds } = await readTopicReach(await this.#options.offsets(), topic)
    const ranges = bounds.map(({ start, end }, partition) => {
      return { topic, partition, start: Math.max(start, next[partition] ?? start), end }
    })
    // If the topic now ends before the last record that was read, it has been recreated.
    if (ranges.some(({ partition, end }) => end < (next[partition] ?? 0))) return this.#begin(period)
    const before = this.#searched
    const searched = await this.#search(ranges)
    if (searched.ended === 'whole') this.#searched = { ...before, records: before.records + searched.records }
    this.#next = bounds.map(({ end }) => end)
  }

  async #search(all: readonly Range[]): Promise<Searched> {
    const { partition, holding, limits, find, most } = this.#options
    const only =
      typeof partition === 'object' ? computePartition(Buffer.from(partition.ofKey), all.length) : partition
    const ranges = all.filter(one => only === undefined || one.partition === only)
    const fresh: T[] = []
    const searched = await searchNewest(
      await this.#options.log(),
      ranges,
      { mostRecords: limits.mostRecords, signal: AbortSignal.timeout(limits.withinMs), holding },
      async records => {
        fresh.push(...(await find(records)))
        return fresh.length < most
      },
    )
    // If records were skipped, remove the older results, so that the results have no gap.
    const older = searched.ended === 'whole' ? this.#found : []
    this.#found = [...older, ...fresh].sort((a, b) => a.timeMs - b.timeMs).slice(-most)
    this.#searched = searched
    return searched
  }
}
