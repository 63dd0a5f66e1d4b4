import { estimateSize, type OutgoingRecord } from '../cloudevents/record.ts'
import { RecordRefused } from '../pipeline/errors.ts'
import type { Publisher } from '../pipeline/ports.ts'

const UNLIMITED: (topic: string) => number = () => Number.POSITIVE_INFINITY

/**
 * In-memory publisher for tests. It keeps published records in order and, like Kafka, refuses records that
 * are too large or that name a partition which does not exist.
 */
export class MemoryPublisher implements Publisher {
  readonly publishedRecords: OutgoingRecord[] = []
  /** Number of calls of `publish`. */
  calls = 0
  readonly #largest: (topic: string) => number
  readonly #partitions: (topic: string) => number

  /**
   * Creates a publisher.
   *
   * @param largest function that returns the maximum size of a topic's records in bytes; no limit by default
   * @param partitions function that returns the number of partitions of a topic; no limit by default
   */
  constructor(largest: (topic: string) => number = UNLIMITED, partitions = UNLIMITED) {
    this.#largest = largest
    this.#partitions = partitions
  }

  async publish(records: readonly OutgoingRecord[]): Promise<void> {
    this.calls++
    if (records.some(record => estimateSize(record) > this.#largest(record.topic)))
      throw new RecordRefused('a record is too large')
    for (const { topic, partition = 0 } of records)
      if (partition >= this.#partitions(topic))
        throw new RecordRefused(
          `the topic ${topic} has ${this.#partitions(topic)} partitions, so partition ${partition} does not exist`,
        )
    this.publishedRecords.push(...records)
  }
}
