/** Reads the alerts topic into the database. */
import type { LogReader } from '../../../packages/runtime/pipeline/ports.ts'
import { type Range, rangesOf, readRecords } from '../../queries/records.ts'
import type { TopicReach } from '../../queries/topics.ts'
import { type AlertEvent, alertEventIn } from './event.ts'

/** When records were written, in milliseconds since the epoch. */
export interface WriteTimes {
  /** Then or later; undefined: from the beginning of the topic on. */
  readonly sinceMs: number | undefined
  /** Before then; undefined: to the present end. */
  readonly untilMs: number | undefined
}

/** How many records were read, and how many of them are not alert events. */
export interface ReadCount {
  records: number
  others: number
}

/** The ranges of the topic with what was written then. @param reach looks up how far the topic reaches, and the offsets of a time */
export async function writtenRanges(
  topic: string,
  { sinceMs, untilMs }: WriteTimes,
  reach: (timeMs: number | undefined) => Promise<TopicReach>,
): Promise<Range[]> {
  const whole = rangesOf(topic, await reach(sinceMs))
  if (untilMs === undefined) return whole
  // A range from that time on begins where this one has to end.
  const later = rangesOf(topic, await reach(untilMs))
  return whole.map(range => ({
    ...range,
    end: Math.min(range.end, later[range.partition]?.start ?? range.end),
  }))
}

/**
 * Reads the events in ranges of a topic.
 *
 * @param take receives each event, those of one partition in their order
 * @param count is counted up
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
