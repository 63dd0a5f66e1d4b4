import type { OutgoingRecord } from '../../cloudevents/record.ts'
import type { Publisher } from '../../pipeline/ports.ts'

/** Keeps what is published, in order: for tests. */
export class MemoryPublisher implements Publisher {
  readonly published: OutgoingRecord[] = []
  /** How often `publish` was called. */
  calls = 0

  async publish(records: readonly OutgoingRecord[]): Promise<void> {
    this.calls++
    this.published.push(...records)
  }
}
