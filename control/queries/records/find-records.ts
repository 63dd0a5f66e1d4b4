/** Searches a topic forwards or backwards within limits. A later search can continue where an earlier one ended. */
import { estimateSize, type LogRecord } from '#runtime/cloudevents'
import type { LogReader } from '#runtime/pipeline'
import { type Range, readRecordGroups } from '../../../lib/log/read-records.ts'
import { readRecordGroupsBackward } from './records-backward.ts'

/** Order in which records are read, by time. */
export type Direction = 'forward' | 'backward'

export interface FindLimits {
  /** Number of matching records after which the search ends. */
  readonly wanted: number
  /** Maximum number of records to examine. `bytes` is the maximum of their total size. */
  readonly records: number
  readonly bytes: number
  /** Time at which the search must end, according to `nowMs`. */
  readonly untilMs: number
  readonly nowMs: () => number
}

export interface FoundRecords<T> {
  /** Results in the order in which they were read. */
  readonly found: readonly T[]
  /** Number of records that were examined. */
  readonly looked: number
  /** Reason why the search ended. `end`: all ranges were read. `found`: enough records were found. `limit`: a limit was reached. */
  readonly endedBy: 'end' | 'found' | 'limit'
  /** Ranges that have not been read yet; empty if all were read. */
  readonly left: readonly Range[]
  /** Time at which the last examined record was written, in milliseconds since the epoch. Undefined if no record was examined. */
  readonly reachedMs: number | undefined
}

/**
 * Examines the records of the ranges in order of time until enough matching records are found.
 *
 * @param take returns the result for a record; undefined if the record does not match
 * @throws errors of `take`; otherwise see `readRecords`
 */
export async function findRecords<T>(
  log: LogReader,
  ranges: readonly Range[],
  direction: Direction,
  take: (record: LogRecord) => Promise<T | undefined>,
  limits: FindLimits,
): Promise<FoundRecords<T>> {
  const left = new UnreadRanges(ranges, direction)
  const found: T[] = []
  let [looked, bytes] = [0, 0]
  let reachedMs: number | undefined
  const buildResult = (endedBy: FoundRecords<T>['endedBy']): FoundRecords<T> => {
    return { found, looked, endedBy, left: endedBy === 'end' ? [] : left.ranges, reachedMs }
  }
  const groups =
    direction === 'forward' ? readRecordGroups(log, ranges) : readRecordGroupsBackward(log, ranges)
  for await (const group of groups) {
    for (const record of group) {
      if (found.length >= limits.wanted) return buildResult('found')
      if (looked >= limits.records || bytes >= limits.bytes || limits.nowMs() >= limits.untilMs)
        return buildResult('limit')
      const one = await take(record)
      if (one !== undefined) found.push(one)
      left.markRead(record)
      looked++
      bytes += estimateSize(record)
      if (record.timestampMs >= 0) reachedMs = record.timestampMs
    }
  }
  return buildResult('end')
}

/** Parts of the ranges that have not been read yet. */
class UnreadRanges {
  readonly #direction: Direction
  readonly #ranges: Map<string, Range>

  constructor(ranges: readonly Range[], direction: Direction) {
    this.#direction = direction
    this.#ranges = new Map(ranges.map(range => [toPlace(range), range]))
  }

  get ranges(): readonly Range[] {
    return [...this.#ranges.values()].filter(({ start, end }) => start < end)
  }

  markRead(record: LogRecord): void {
    const place = toPlace(record)
    const range = this.#ranges.get(place)
    if (!range) return
    const { offset } = record
    this.#ranges.set(
      place,
      this.#direction === 'forward' ? { ...range, start: offset + 1 } : { ...range, end: offset },
    )
  }
}

function toPlace({ topic, partition }: Pick<Range, 'topic' | 'partition'>): string {
  return `${topic}/${partition}`
}
