/** Age of the oldest pending record of each consumer. */
import type { ConsumerLag, ReadTopic } from '../../../lib/queries/lag.ts'
import type { LogReader } from '../../../packages/runtime/pipeline/ports.ts'
import { problemOf } from '../problem.ts'

/** Maximum number of records read per sample. */
const MAX_READ = 12

interface RecordPosition {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export class Waits {
  readonly #times = new OffsetTimes()
  readonly #log: () => Promise<LogReader>
  readonly #told: (error: unknown) => void
  #isReading = false
  /** Last unexpected error. */
  #fault: string | undefined

  /** Creates the tracker. @param told receives unexpected errors; a repeated error is reported once */
  constructor(log: () => Promise<LogReader>, told = logged) {
    this.#log = log
    this.#told = told
  }

  /**
   * Returns the ages in seconds by `consumer/topic`; null while unknown. If a record was written before the first sample, its
   * append time is read from the topic in the background and is available for the next sample.
   */
  next(lags: readonly (ReadTopic & ConsumerLag)[], nowMs: number): Readonly<Record<string, number | null>> {
    for (const { topic, partitions } of lags)
      for (const { partition, end } of partitions) this.#times.ended(topic, partition, end, nowMs)
    const unknown: RecordPosition[] = []
    const waits = lags.map(
      lag => [`${lag.function}/${lag.topic}`, this.#waitOf(lag, nowMs, unknown)] as const,
    )
    void this.#read(unknown.slice(0, MAX_READ))
    return Object.fromEntries(waits)
  }

  #waitOf(
    { topic, partitions }: ReadTopic & ConsumerLag,
    nowMs: number,
    unknown: RecordPosition[],
  ): number | null {
    let longest: number | null = 0
    for (const { partition, next, pending } of partitions) {
      if (pending === 0) continue
      const atMs = this.#times.timeOf(topic, partition, next)
      if (atMs === undefined) unknown.push({ topic, partition, offset: next })
      if (atMs === undefined || longest === null) longest = null
      else longest = Math.max(longest, (nowMs - atMs) / 1_000)
    }
    return longest
  }

  async #read(places: readonly RecordPosition[]): Promise<void> {
    if (this.#isReading || places.length === 0) return
    this.#isReading = true
    try {
      const log = await this.#log()
      for (const place of places) await this.#readOne(log, place)
      this.#fault = undefined
    } catch (error) {
      // Report only unexpected errors here. The next sample of Kafka reports outages.
      if (problemOf(error).code === 'fault') this.#tell(error)
    } finally {
      this.#isReading = false
    }
  }

  #tell(error: unknown): void {
    const fault = String(error)
    if (fault !== this.#fault) this.#told(error)
    this.#fault = fault
  }

  async #readOne(log: LogReader, { topic, partition, offset }: RecordPosition): Promise<void> {
    const { records } = await log.read(topic, partition, { fromOffset: offset, toOffset: offset })
    const [first] = records
    if (first) this.#times.written(topic, partition, first.offset, first.timestampMs)
  }
}

function logged(error: unknown): void {
  process.stderr.write(`${(error as Error)?.stack ?? error}\n`)
}

interface Look {
  readonly end: number
  readonly atMs: number
}

interface PartitionLooks {
  readonly looks: Look[]
  /** Records that were read from the topic: the position and append time of each, and the oldest sample at the time of the read. */
  readonly reads: (readonly Look[])[]
}

/** Number of samples in ten minutes, with one sample every two seconds. */
const MAX_LOOKS = 300
/** Maximum number of stored append times per partition. It exceeds the number of consumers of a topic that can be stalled. */
const MAX_READS = 20

export class OffsetTimes {
  readonly #known = new Map<string, PartitionLooks>()

  /** Records the current end offset of a partition. Several consumers of the topic may report the same end. */
  ended(topic: string, partition: number, end: number, atMs: number): void {
    const { looks, reads } = this.#of(topic, partition)
    const last = looks.at(-1)
    if (last?.atMs === atMs && last.end === end) return
    if (last && end < last.end) {
      // The end offset has decreased, so the topic has been recreated.
      looks.length = 0
      reads.length = 0
    }
    looks.push({ end, atMs })
    if (looks.length > MAX_LOOKS) looks.shift()
  }

  /** Records the append time of a record. It is kept even when older samples are removed. */
  written(topic: string, partition: number, offset: number, atMs: number): void {
    if (this.timeOf(topic, partition, offset) !== undefined) return
    const { looks, reads } = this.#of(topic, partition)
    const [first] = looks
    reads.push([{ end: offset + 1, atMs }, ...(first ? [first] : [])])
    if (reads.length > MAX_READS) reads.shift()
  }

  /**
   * Returns the approximate append time of a record, in epoch milliseconds; undefined if the record is older than all records whose
   * times are known.
   */
  timeOf(topic: string, partition: number, offset: number): number | undefined {
    const { looks, reads } = this.#of(topic, partition)
    const record = reads.find(([one]) => one?.end === offset + 1)?.[0]
    if (record) return record.atMs
    for (const between of [looks, ...reads]) {
      const atMs = timeBetween(between, offset)
      if (atMs !== undefined) return atMs
    }
    return undefined
  }

  #of(topic: string, partition: number): PartitionLooks {
    const key = `${topic}/${partition}`
    const known = this.#known.get(key) ?? { looks: [], reads: [] }
    this.#known.set(key, known)
    return known
  }
}

function timeBetween(looks: readonly Look[], offset: number): number | undefined {
  const index = looks.findIndex(({ end }) => end > offset)
  const [before, after] = [looks[index - 1], looks[index]]
  if (!before || !after) return undefined
  const part = (offset + 1 - before.end) / (after.end - before.end)
  return before.atMs + part * (after.atMs - before.atMs)
}
