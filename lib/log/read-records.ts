/** Reads the records of topics without a consumer group. */

import type { LogRecord } from '#runtime/cloudevents'
import type { LogReader, ReadRange } from '#runtime/pipeline'
import type { TopicReach } from './topic-bounds.ts'

/** Offset range of one partition. The start is inclusive, the end exclusive. */
export interface Range {
  readonly topic: string
  readonly partition: number
  readonly start: number
  readonly end: number
}

/** Returns the ranges of a topic up to its current end. They start at the requested time or, without one, at the first record. */
export function toRanges(topic: string, { bounds, atTime }: TopicReach): Range[] {
  return bounds.map(({ start, end }, partition) => {
    return { topic, partition, start: Math.max(start, atTime[partition] ?? start), end }
  })
}

/**
 * Yields the records of all ranges in order of time. The records of each partition are in their original order.
 *
 * @throws Unavailable if Kafka does not answer, or if the records follow an open transaction
 * @throws PartitionStopped if the records cannot be read
 */
export async function* readRecords(log: LogReader, ranges: readonly Range[]): AsyncGenerator<LogRecord> {
  for await (const group of readRecordGroups(log, ranges)) yield* group
}

/**
 * Reads records like `readRecords`, but yields them in groups. A group contains all records that can be yielded before the next
 * read. The next group is read while the caller processes the current one. At most two reads of each partition are in memory.
 *
 * @param onExpired called for each part of a range that was deleted by retention before it could be read
 */
export async function* readRecordGroups(
  log: LogReader,
  ranges: readonly Range[],
  onExpired: (part: Range) => void = () => {},
): AsyncGenerator<readonly LogRecord[]> {
  const partitions = ranges.map(range => new PartitionRecords(log, range, onExpired))
  try {
    while (true) {
      await Promise.all(partitions.map(partition => partition.fill()))
      const group = mergeRecords(partitions)
      if (group.length === 0) return
      yield group
    }
  } finally {
    await Promise.all(partitions.map(partition => partition.settle()))
  }
}

/**
 * Searches the ranges for records that contain a text. Other records may be passed on as well. The records of each partition are in
 * their original order. All partitions are read in parallel, and no read is in progress when the search ends.
 *
 * @param signal ends the search early
 * @throws the signal's reason if the signal is aborted; otherwise see `readRecords`
 */
export async function searchRecords(
  log: LogReader,
  ranges: readonly Range[],
  text: string,
  tell: (record: LogRecord) => void,
  signal?: AbortSignal,
): Promise<void> {
  const search = async ({ topic, partition, start, end }: Range) => {
    for (let next = start; next < end; ) {
      const range = { fromOffset: next, toOffset: end - 1 }
      const { records, nextOffset } = await log.read(topic, partition, range, text)
      for (const record of records) if (record.offset < end) tell(record)
      next = nextOffset
      signal?.throwIfAborted()
    }
  }
  for (const result of await Promise.allSettled(ranges.map(search)))
    if (result.status === 'rejected') throw result.reason
}

/** Records of a range that are in memory, and the current read. */
class PartitionRecords {
  readonly #log: LogReader
  readonly #range: Range
  readonly #onExpired: (part: Range) => void
  #next: number
  #records: readonly LogRecord[] = []
  #at = 0
  #reading: Promise<ReadRange> | undefined

  constructor(log: LogReader, range: Range, onExpired: (part: Range) => void) {
    this.#log = log
    this.#range = range
    this.#onExpired = onExpired
    this.#next = range.start
  }

  get first(): LogRecord | undefined {
    return this.#records[this.#at]
  }

  get isAtEnd(): boolean {
    return this.first === undefined && this.#next >= this.#range.end
  }

  /** Reads until a record is found, or the end of the range is reached. */
  async fill(): Promise<void> {
    while (this.first === undefined && !this.isAtEnd) {
      const { records, nextOffset, logStart } = await (this.#reading ?? this.#read())
      const { end } = this.#range
      const from = this.#next
      if (logStart > from) this.#onExpired({ ...this.#range, start: from, end: Math.min(logStart, end) })
      this.#records = records.filter(({ offset }) => offset >= from && offset < end)
      this.#at = 0
      this.#next = nextOffset
      this.#reading = nextOffset < end ? this.#read() : undefined
    }
  }

  take(): void {
    this.#at += 1
  }

  /** Waits for the current read, although its result is not needed, because its connection may be closed afterwards. */
  async settle(): Promise<void> {
    await this.#reading?.catch(() => {})
  }

  #read(): Promise<ReadRange> {
    const { topic, partition, end } = this.#range
    const reading = this.#log.read(topic, partition, { fromOffset: this.#next, toOffset: end - 1 })
    // A rejection is reported when the caller waits for this read.
    reading.catch(() => {})
    return reading
  }
}

/** Returns records in order of time, until the earliest record could be in a partition that must be read further. */
function mergeRecords(partitions: readonly PartitionRecords[]): LogRecord[] {
  const group: LogRecord[] = []
  while (true) {
    let earliest: PartitionRecords | undefined
    for (const partition of partitions) {
      const { first } = partition
      if (first === undefined && !partition.isAtEnd) return group
      if (first && (!earliest?.first || first.timestampMs < earliest.first.timestampMs)) earliest = partition
    }
    if (!earliest?.first) return group
    group.push(earliest.first)
    earliest.take()
  }
}
