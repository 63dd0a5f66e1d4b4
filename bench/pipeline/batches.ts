import type { KafkaEvent } from '#runtime/pipeline'
import { environmentReading, kafkaEvent, logRecord } from '#runtime/test/support/records'

export const TOPIC = 'bench.readings'
/** Time between two records in the log. */
const EVERY_MS = 10

/** Readings of one partition as Lambda passes them to a function: unique ids, offsets without gaps. */
export class Batches {
  readonly #partition: number
  readonly #entities: number
  #next: number

  constructor(partition: number, entities: number, firstOffset = 0) {
    this.#partition = partition
    this.#entities = entities
    this.#next = firstOffset
  }

  /** @param more a pause before the batch on the log's clock, and additional fields for the data */
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
