import { type OutgoingRecord, sizeOf } from '../cloudevents/record.ts'
import { RecordRefused } from '../pipeline/errors.ts'
import type { Publisher } from '../pipeline/ports.ts'

/** Keeps published records in order, and refuses records that are too large, as Kafka does. For tests. */
export class MemoryPublisher implements Publisher {
  readonly published: OutgoingRecord[] = []
  /** How often `publish` was called. */
  calls = 0
  readonly #largest: (topic: string) => number

  /** @param largest returns the maximum size of a topic's records in bytes; no limit by default */
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
