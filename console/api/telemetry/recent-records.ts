/**
 * Recent results from a topic, such as the readings of a few entities. The first query searches the topic backward, up to a limit.
 * Later queries read only new records.
 */

import type { LogRecord } from '#runtime/cloudevents'
import { computePartition } from '#runtime/consumer'
import type { TopicOffsets } from '#runtime/operating/kafka'
import type { LogReader } from '#runtime/pipeline'
import { type Searched, searchNewest } from '../../../control/queries/records/search-newest.ts'
import { type Range, toRanges } from '../../../lib/log/read-records.ts'
import { readTopicReach } from '../../../lib/log/topic-bounds.ts'

/** A result with a time. If there are too many results, the oldest are removed. */
interface Timed {
  /** Epoch milliseconds. */
  readonly timeMs: number
  /** Append time, by which the oldest are found; by default, the time. */
  readonly appendMs?: number
}

export interface RecentOptions<T extends Timed> {
  readonly log: () => Promise<LogReader>
  readonly offsets: () => Promise<Pick<TopicOffsets, 'bounds' | 'at'>>
  readonly topic: string
  /** Partitions to read, or record keys that determine them. By default, all partitions are read. */
  readonly only?: readonly (number | { readonly ofKey: string })[] | undefined
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
  /** Offset after the last record that was read, by partition. */
  readonly next: readonly number[]
}

/**
 * Returns the current results.
 *
 * @param last results of the previous query, after which this one continues; by default, the whole period is searched
 * @throws RefusedByKafka, Unavailable or PartitionStopped
 */
export function readRecent<T extends Timed>(
  options: RecentOptions<T>,
  period: Period,
  last?: Recent<T>,
): Promise<Recent<T>> {
  return last ? continueReading(options, period, last) : beginReading(options, period)
}

async function beginReading<T extends Timed>(
  options: RecentOptions<T>,
  { sinceMs, around }: Period,
): Promise<Recent<T>> {
  const { topic } = options
  const offsets = await options.offsets()
  const reach = await readTopicReach(offsets, topic, sinceMs)
  const next = reach.bounds.map(({ end }) => end)
  if (around) {
    const from = await readTopicReach(offsets, topic, around.fromMs)
    const ends = toRanges(topic, await readTopicReach(offsets, topic, around.untilMs))
    const ranges = toRanges(topic, from).map((range, at) => ({ ...range, end: ends[at]?.start ?? range.end }))
    const results = await search(options, ranges)
    if (results.found.length > 0) return { ...results, next }
  }
  return { ...(await search(options, toRanges(topic, reach))), next }
}

async function continueReading<T extends Timed>(
  options: RecentOptions<T>,
  period: Period,
  last: Recent<T>,
): Promise<Recent<T>> {
  const { topic } = options
  const { bounds } = await readTopicReach(await options.offsets(), topic)
  const ranges = bounds.map(({ start, end }, partition) => {
    return { topic, partition, start: Math.max(start, last.next[partition] ?? start), end }
  })
  // If the topic now ends before the last record that was read, it has been recreated.
  if (ranges.some(({ partition, end }) => end < (last.next[partition] ?? 0)))
    return beginReading(options, period)
  const { found, searched } = await search(options, ranges, last.found)
  const records = last.searched.records + searched.records
  return {
    found,
    searched: searched.ended === 'whole' ? { ...last.searched, records } : searched,
    next: bounds.map(({ end }) => end),
  }
}

/** @param before earlier results, which are kept if all ranges were searched */
async function search<T extends Timed>(
  { log, only, holding, limits, find, most }: RecentOptions<T>,
  all: readonly Range[],
  before: readonly T[] = [],
): Promise<Pick<Recent<T>, 'found' | 'searched'>> {
  const read = only?.map(of =>
    typeof of === 'object' ? computePartition(Buffer.from(of.ofKey), all.length) : of,
  )
  const ranges = all.filter(({ partition }) => read?.includes(partition) ?? true)
  const fresh: T[] = []
  const searched = await searchNewest(
    await log(),
    ranges,
    { mostRecords: limits.mostRecords, signal: AbortSignal.timeout(limits.withinMs), holding },
    async records => {
      fresh.push(...(await find(records)))
      return fresh.length < most
    },
  )
  // If records were skipped, remove the older results, so that the results have no gap.
  const older = searched.ended === 'whole' ? before : []
  const appended = ({ timeMs, appendMs = timeMs }: T) => appendMs
  const kept = [...older, ...fresh].sort((a, b) => appended(a) - appended(b)).slice(-most)
  return { found: kept.sort((a, b) => a.timeMs - b.timeMs), searched }
}
