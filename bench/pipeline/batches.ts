import type { KafkaEvent } from '../../lib/pipeline/receive.ts'
import { environmentReading, kafkaEvent, logRecord } from '../../test/support/records.ts'

export const TOPIC = 'bench.readings'
/** Of the log, between two records. */
const EVERY_MS = 10

/** One partition's readings, as Lambda hands them over: no id twice, offsets without a gap. */
export class Batches {
  readonly #partition: number
  readonly #entities: number
  #next: number

  constructor(partition: number, entities: number, firstOffset = 0) {
    this.#partition = partition
    this.#entities = entities
    this.#next = firstOffset
  }

  /** @param more how much later than otherwise, on the log's clock; and what is in the data besides */
  next(records: number, more: { readonly pauseMs?: number; readonly data?: object } = {}): KafkaEvent {
    return kafkaEvent(Array.from({ length: records }, () => this.#record(this.#next++, more)))
  }

  #record(offset: number, { pauseMs = 0, data = {} }: { pauseMs?: number; data?: object }) {
    const at = (offset * EVERY_MS + pauseMs) / 1000
    const sensor = `sensor-${offset % this.#entities}`
    const reading = environmentReading(`reading-${this.#partition}-${offset}`, { sensor, at })
    const event = { ...reading, data: { ...(reading.data as object), ...data } }
    return logRecord(offset, event, {
      topic: TOPIC,
      partition: this.#partition,
      timestampMs: Date.parse(event.time as string),
    })
  }
}
