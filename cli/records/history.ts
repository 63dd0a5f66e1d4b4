/** What a topic holds up to now, without a consumer group. */
import type { LogRecord } from '../../lib/cloudevents/record.ts'
import type { LogReader } from '../../lib/pipeline/ports.ts'

/** Offsets of one partition: from the first to before the end. */
export interface Range {
  readonly topic: string
  readonly partition: number
  readonly start: number
  readonly end: number
}

/** The records of all ranges in the order of their times; those of one partition in their own order. */
export async function* history(log: LogReader, ranges: readonly Range[]): AsyncGenerator<LogRecord> {
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

/** -1 where all have ended. */
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
