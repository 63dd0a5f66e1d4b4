import { type OutgoingRecord, sizeOf } from '../../cloudevents/record.ts'
import { type Publisher, RecordRefused } from '../../pipeline/ports.ts'

/** Keeps what is published, in order, and refuses what is too large, as Kafka does: for tests. */
export class MemoryPublisher implements Publisher {
  readonly published: OutgoingRecord[] = []
  /** How often `publish` was called. */
  calls = 0
  readonly #largest: (topic: string) => number

  /** @param largest how many bytes a record of a topic may have; no limit by default */
  constructor(largest: (topic: string) => number = () => Number.POSITIVE_INFINITY) {
    this.#largest = largest
  }

  async publish(records: readonly OutgoingRecord[]): Promise<void> {
    this.calls++
    if (records.some(record => sizeOf(record) > this.#largest(record.topic)))
      throw new RecordRefused('a record is too large')
    this.published.push(...records)
  }
}
