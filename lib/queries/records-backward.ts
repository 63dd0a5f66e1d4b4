/**
 * Reads the records of topics, newest first. Kafka only supports reading forwards, so each partition is read
 * in windows from its end.
 */
import { type LogRecord, sizeOf } from '../../packages/runtime/cloudevents/record.ts'
import type { LogReader } from '../../packages/runtime/pipeline/ports.ts'
import type { Range } from './records.ts'

/** Number of offsets in the first window of a partition. `MAX_WINDOW` is the maximum. */
const FIRST_WINDOW = 32
const MAX_WINDOW = 4_000
/** Target size of a window, in bytes. Windows grow and shrink with the size of the records. */
const WINDOW_BYTES = 512 * 1024
/** Maximum size of a window, in bytes. Of a larger one, only the newest part is kept. */
const MAX_WINDOW_BYTES = 2 * 1024 * 1024

/**
 * Yields the records of all ranges from the newest to the oldest time; those of one partition from the last offset to the first.
 * Each group contains as many records as the reads so far allow. At most one window of each partition is in memory.
 *
 * @param firstWindow minimum number of offsets to read in each partition
 * @throws as `readRecords` does
 */
export async function* readRecordGroupsBackward(
  log: LogReader,
  ranges: readonly Range[],
  firstWindow = FIRST_WINDOW,
): AsyncGenerator<readonly LogRecord[]> {
  const partitions = ranges.map(range => new PartitionBackward(log, range, firstWindow))
  while (true) {
    for (const result of await Promise.allSettled(partitions.map(partition => partition.fill())))
      if (result.status === 'rejected') throw result.reason
    const group = newestFirst(partitions)
    if (group.length === 0) return
    yield group
  }
}

/** Records of a partition's current window, with the progress of its windows. */
class PartitionBackward {
  readonly #log: LogReader
  readonly #range: Range
  /** Offset before which nothing was read yet. */
  #before: number
  #records: LogRecord[] = []
  #window: number

  constructor(log: LogReader, range: Range, firstWindow: number) {
    this.#log = log
    this.#range = range
    this.#before = range.end
    this.#window = firstWindow
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

  /** Reads until there is a record, or the start of the range is reached. */
  async fill(): Promise<void> {
    while (this.newest === undefined && !this.isAtStart) {
      const end = this.#before
      const { records, start, bytes } = await this.#read(Math.max(this.#range.start, end - this.#window), end)
      this.#records = records
      this.#before = start
      this.#window = windowAfter(end - start, bytes)
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
        // The older part is read again with the next window.
        if (bytes > MAX_WINDOW_BYTES) {
          start = record.offset
          records = []
          bytes = 0
        }
        records.push(record)
        bytes += sizeOf(record)
      }
      next = looked.nextOffset
    }
    return { records, start, bytes }
  }
}

function windowAfter(offsets: number, bytes: number): number {
  const fitting = bytes === 0 ? MAX_WINDOW : Math.floor((WINDOW_BYTES * offsets) / bytes)
  return Math.min(MAX_WINDOW, Math.max(1, fitting), Math.max(FIRST_WINDOW, offsets * 4))
}

/** Returns records from the newest on, until a partition must be read further whose next record may be newer. */
function newestFirst(partitions: readonly PartitionBackward[]): LogRecord[] {
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
