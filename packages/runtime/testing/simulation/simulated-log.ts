/** Topics in memory, with append times of a clock that is an argument, gaps in the offsets, and records that expire. */
import { estimateSize, type LogRecord, type OutgoingRecord } from '../../cloudevents/record.ts'
import { computePartition } from '../../consumer/murmur2.ts'
import { RecordRefused } from '../../pipeline/errors.ts'
import type { LogIdentity } from '../../pipeline/model/log.ts'
import type { LogBounds, LogReader, Publisher } from '../../pipeline/ports.ts'
import { MemoryLogReader } from '../memory-log-reader.ts'

/** A topic of the simulation. */
export interface SimulatedTopic {
  readonly partitions: number
  readonly maxMessageBytes?: number
  /** True if its records never expire, because others than its consumers read them. */
  readonly isKept?: boolean
}

interface PartitionContents {
  /** All records so far, also those that have expired. */
  readonly all: LogRecord[]
  start: number
  end: number
}

type RecordContent = Partial<Pick<LogRecord, 'key' | 'value' | 'headers'>>

export class SimulatedLog implements LogReader, LogBounds, Publisher {
  /** Called before each append. Returns the number of offsets without a record before it. */
  gap: () => number = () => 0
  /** Returns the maximum number of records that the next read returns. */
  fetchRecords: () => number = () => Number.POSITIVE_INFINITY
  readonly #topics: ReadonlyMap<string, readonly PartitionContents[]>
  readonly #settings: ReadonlyMap<string, SimulatedTopic>
  readonly #nowMs: () => number
  #keyless = 0

  /** @param nowMs clock of the brokers */
  constructor(topics: ReadonlyMap<string, SimulatedTopic>, nowMs: () => number) {
    const create = (): PartitionContents => ({ all: [], start: 0, end: 0 })
    this.#topics = new Map(
      [...topics].map(([name, { partitions }]) => [name, Array.from({ length: partitions }, create)]),
    )
    this.#settings = topics
    this.#nowMs = nowMs
  }

  /** Returns all records of a partition, also those that have expired. */
  all(topic: string, partition: number): readonly LogRecord[] {
    return this.#partition(topic, partition).all
  }

  get topics(): readonly string[] {
    return [...this.#topics.keys()]
  }

  countPartitions(topic: string): number {
    return this.#topics.get(topic)?.length ?? 0
  }

  append(
    topic: string,
    partition: number,
    { key = null, value = null, headers = [] }: RecordContent,
  ): LogRecord {
    const contents = this.#partition(topic, partition)
    const offset = contents.end + this.gap()
    const record = { topic, partition, offset, timestampMs: this.#nowMs(), key, value, headers }
    contents.all.push(record)
    contents.end = offset + 1
    return record
  }

  /** Appends the records one by one. Those before a refused one are written. */
  async publish(records: readonly OutgoingRecord[]): Promise<number[]> {
    return records.flatMap(record => {
      const { topic } = record
      const partitions = this.countPartitions(topic)
      const { maxMessageBytes = Number.POSITIVE_INFINITY } = this.#settings.get(topic) ?? {}
      if (estimateSize(record) > maxMessageBytes) throw new RecordRefused('a record is too large')
      if ((record.partition ?? 0) >= partitions)
        throw new RecordRefused(
          `the topic ${topic} has ${partitions} partitions, so partition ${record.partition} does not exist`,
        )
      const all = Array.from({ length: partitions }, (_, partition) => partition)
      const chosen = record.everyPartition ? all : [record.partition ?? this.#choose(record, partitions)]
      return chosen.map(partition => this.append(topic, partition, record).offset)
    })
  }

  /** Removes the records before an offset, and offsets without a record behind them, for all readers. */
  expire(topic: string, partition: number, beforeOffset: number): void {
    if (this.#settings.get(topic)?.isKept) return
    const contents = this.#partition(topic, partition)
    const { all } = contents
    if ((all[0]?.offset ?? beforeOffset) >= beforeOffset) return
    const first = all.find(({ offset }) => offset >= beforeOffset)
    contents.start = Math.max(contents.start, first?.offset ?? contents.end)
  }

  startOffset(topic: string, partition: number): number {
    return this.#partition(topic, partition).start
  }

  endOffset(topic: string, partition: number): number {
    return this.#partition(topic, partition).end
  }

  read: LogReader['read'] = async (topic, partition, ...range) => {
    const { all, start } = this.#partition(topic, partition)
    const kept = start === 0 ? all : all.filter(({ offset }) => offset >= start)
    const found = await new MemoryLogReader(kept, this.fetchRecords()).read(topic, partition, ...range)
    // A log can begin with an offset that has no record.
    return { ...found, logStart: start }
  }

  /** The whole log, also the records that have expired. */
  readonly whole: { readonly log: LogReader; readonly bounds: LogBounds } = {
    log: {
      read: async (...range) => {
        const found = await new MemoryLogReader(this.all(range[0], range[1])).read(...range)
        return { ...found, logStart: 0 }
      },
      identity: topic => this.identity(topic),
    },
    bounds: { bounds: async topic => (this.#topics.get(topic) ?? []).map(({ end }) => ({ start: 0, end })) },
  }

  async identity(topic: string): Promise<LogIdentity> {
    return { cluster: 'simulation', topicId: topic }
  }

  async bounds(topic: string, sinceMs?: number) {
    return (this.#topics.get(topic) ?? []).map(({ all, start, end }) => {
      const kept = all.find(({ offset }) => offset >= start)
      const from = all.find(({ offset, timestampMs }) => offset >= start && timestampMs >= (sinceMs ?? 0))
      const bounds = { start: kept?.offset ?? end, end }
      return sinceMs === undefined ? bounds : { ...bounds, from: from?.offset ?? end }
    })
  }

  #choose({ key }: OutgoingRecord, partitions: number): number {
    if (key !== null) return computePartition(key, partitions)
    this.#keyless += 1
    return this.#keyless % partitions
  }

  #partition(topic: string, partition: number): PartitionContents {
    const contents = this.#topics.get(topic)?.[partition]
    if (!contents) throw new RecordRefused(`there is no partition ${partition} of the topic ${topic}`)
    return contents
  }
}
