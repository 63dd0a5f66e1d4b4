/**
 * Reads the records of topics, newest first. Kafka only supports reading forwards, so each partition is read in windows, starting
 * at the end.
 */
import { estimateSize, type LogRecord } from '#runtime/cloudevents'
import type { LogReader } from '#runtime/pipeline'
import type { Range } from '../../../lib/log/read-records.ts'

/** Number of offsets in the first window of a partition. `MAX_WINDOW` is the maximum for later windows. */
const FIRST_WINDOW = 32
const MAX_WINDOW = 4_000
/** Target size of a window, in bytes. The number of offsets in a window is adapted to the size of the records. */
const WINDOW_BYTES = 512 * 1024
/** Maximum size of a window in memory, in bytes. If a window is larger, only its newest part is kept. */
const MAX_WINDOW_BYTES = 2 * 1024 * 1024

/**
 * Yields the records of all ranges from the newest to the oldest. Within a partition, records are yielded by descending offset. A
 * group contains all records that can be yielded before the next read. At most one window of each partition is in memory.
 *
 * @throws see `readRecords`
 */
export async function* readRecordGroupsBackward(
  log: LogReader,
  ranges: readonly Range[],
): AsyncGenerator<readonly LogRecord[]> {
  const partitions = ranges.map(range => new PartitionBackward(log, range))
  while (true) {
    for (const result of await Promise.allSettled(partitions.map(partition => partition.fill())))
      if (result.status === 'rejected') throw result.reason
    const group = mergeNewestFirst(partitions)
    if (group.length === 0) return
    yield group
  }
}

/** Records in the current window of a partition, and the state of reading the windows. */
class PartitionBackward {
  readonly #log: LogReader
  readonly #range: Range
  /** Offset before which no records have been read yet. */
  #before: number
  #records: LogRecord[] = []
  #window = FIRST_WINDOW

  constructor(log: LogReader, range: Range) {
    this.#log = log
    this.#range = range
    this.#before = range.end
  }

  get newest(): LogRecord | undefined {
    return this.#records.at(-1)
  }

  get isAtStart(): boolean {
    return this.newest === undefined && this.#before <= this.#range.start
  }

  take(): void {
    this.#records.pop()
  }

  /** Reads windows until a record is found, or the start of the range is reached. */
  async fill(): Promise<void> {
    while (this.newest === undefined && !this.isAtStart) {
      const end = this.#before
      const { records, start, bytes } = await this.#read(Math.max(this.#range.start, end - this.#window), end)
      this.#records = records
      this.#before = start
      this.#window = computeWindow(end - start, bytes)
    }
  }

  async #read(from: number, end: number) {
    const { topic, partition } = this.#range
    let [start, bytes] = [from, 0]
    let records: LogRecord[] = []
    for (let next = from; next < end; ) {
      const looked = await this.#log.read(topic, partition, { fromOffset: next, toOffset: end - 1 })
      for (const record of looked.records) {
        if (record.offset < next || record.offset >= end) continue
        // The older part is omitted here, and read again with the next window.
        if (bytes > MAX_WINDOW_BYTES) {
          start = record.offset
          records = []
          bytes = 0
        }
        records.push(record)
        bytes += estimateSize(record)
      }
      next = looked.nextOffset
    }
    return { records, start, bytes }
  }
}

function computeWindow(offsets: number, bytes: number): number {
  const fitting = bytes === 0 ? MAX_WINDOW : Math.floor((WINDOW_BYTES * offsets) / bytes)
  return Math.min(MAX_WINDOW, Math.max(1, fitting), Math.max(FIRST_WINDOW, offsets * 4))
}

/** Returns records, newest first, until the next record could be in a window that has not been read yet. */
function mergeNewestFirst(partitions: readonly PartitionBackward[]): LogRecord[] {
  const group: LogRecord[] = []
  while (true) {
    let latest: PartitionBackward | undefined
    for (const partition of partitions) {
      const { newest } = partition
      if (newest === undefined && !partition.isAtStart) return group
      if (newest && (!latest?.newest || newest.timestampMs > latest.newest.timestampMs)) latest = partition
    }
    if (!latest?.newest) return group
    group.push(latest.newest)
    latest.take()
  }
}
