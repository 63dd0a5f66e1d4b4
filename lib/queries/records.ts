/** The records that topics hold, read without a consumer group. */
import type { LogRecord } from '../runtime/cloudevents/record.ts'
import type { LogReader } from '../runtime/pipeline/ports.ts'
import type { TopicReach } from './topics.ts'

/** Offsets of one partition: from the first to before the end. */
export interface Range {
  readonly topic: string
  readonly partition: number
  readonly start: number
  readonly end: number
}

/** The ranges of a topic from its beginning, or from the time that was looked up, to its present end. */
export function rangesOf(topic: string, { bounds, atTime }: TopicReach): Range[] {
  return bounds.map(({ start, end }, partition) => {
    return { topic, partition, start: Math.max(start, atTime[partition] ?? start), end }
  })
}

/**
 * The records of all ranges in the order of their times; those of one partition in their own order.
 *
 * @throws Unavailable if Kafka does not answer, or if the records lie behind a transaction that is open; UnreadableLog if
 * they cannot be read at all
 */
export async function* readRecords(log: LogReader, ranges: readonly Range[]): AsyncGenerator<LogRecord> {
  const sources = ranges.map(range => recordsOf(log, range))
  const heads = await Promise.all(sources.map(source => source.next()))
  while (true) {
    const first = earliest(heads)
    const head = heads[first]
    const source = sources[first]
    if (!head || head.done || !source) return
    yield head.value
    heads[first] = await source.next()
  }
}

async function* recordsOf(
  log: LogReader,
  { topic, partition, start, end }: Range,
): AsyncGenerator<LogRecord> {
  let next = start
  while (next < end) {
    const { records, nextOffset } = await log.read(topic, partition, { fromOffset: next, toOffset: end - 1 })
    for (const record of records) if (record.offset >= next && record.offset < end) yield record
    next = nextOffset
  }
}

/** Returns -1 if all have ended. */
function earliest(heads: readonly IteratorResult<LogRecord, void>[]): number {
  let first = -1
  let firstMs = Number.POSITIVE_INFINITY
  heads.forEach((head, index) => {
    if (head.done || head.value.timestampMs >= firstMs) return
    first = index
    firstMs = head.value.timestampMs
  })
  return first
}
