/** Loads the alerts topic into the database. */
import type { LogReader } from '../../../packages/runtime/pipeline/ports.ts'
import { type Range, rangesOf, readRecords } from '../../queries/records.ts'
import type { TopicReach } from '../../queries/topics.ts'
import { type AlertEvent, alertEventIn } from './event.ts'

/** Time range in which the records to read were written, in milliseconds since the epoch. */
export interface WriteTimes {
  /** Start of the time range, inclusive; undefined for the start of the topic. */
  readonly sinceMs: number | undefined
  /** End of the time range, exclusive; undefined for the current end of the topic. */
  readonly untilMs: number | undefined
}

/** Number of records read, and how many of them are not alert events. */
export interface ReadCount {
  records: number
  others: number
}

/**
 * Returns the offset ranges of the records that were written within the time range.
 *
 * @param reach returns the bounds of the topic; for a time, also the first offsets at or after it
 */
export async function writtenRanges(
  topic: string,
  { sinceMs, untilMs }: WriteTimes,
  reach: (timeMs: number | undefined) => Promise<TopicReach>,
): Promise<Range[]> {
  const whole = rangesOf(topic, await reach(sinceMs))
  if (untilMs === undefined) return whole
  // Each range ends at the first offset at or after `untilMs`.
  const later = rangesOf(topic, await reach(untilMs))
  return whole.map(range => ({
    ...range,
    end: Math.min(range.end, later[range.partition]?.start ?? range.end),
  }))
}

/**
 * Reads the events in ranges of a topic.
 *
 * @param take receives each event. Events of the same partition are received in order.
 * @param count counts that are updated while reading
 * @throws see `readRecords`
 */
export async function readRanges(
  log: LogReader,
  ranges: readonly Range[],
  take: (event: AlertEvent) => void,
  stop: AbortSignal,
  count: ReadCount = { records: 0, others: 0 },
): Promise<ReadCount> {
  for await (const record of readRecords(log, ranges)) {
    const event = alertEventIn(record)
    if (event) take(event)
    else count.others++
    count.records++
    if (stop.aborted) break
  }
  return count
}
