/** Puts records into the queues of their partitions, which have to be looked up first. */

import { deliveryError, mayPass } from '../adapters/kafka/producing.ts'
import type { Clock } from '../adapters/system.ts'
import type { OutgoingRecord } from '../cloudevents/record.ts'
import { partitionOf } from '../consumer/murmur2.ts'
import type { Told } from './delivery.ts'
import type { Brokers } from './ports.ts'

/** Partitions may have been added, and records would go to others than those of the same key from elsewhere. */
const REFRESH_EVERY_MS = 5 * 60_000

interface Waiting {
  readonly record: OutgoingRecord
  readonly told: Told
}

interface Parts {
  readonly brokers: Brokers
  readonly clock: Clock
  readonly settings: {
    readonly retries: number
    readonly retryBackoffMs: number
    readonly deliveryTimeoutMs: number
  }
  readonly put: (record: OutgoingRecord & { readonly partition: number }, told: Told) => void
  /** Called when what waited for a topic has been put into its queues. */
  readonly onLoaded: () => void
}

export class Placing {
  readonly #parts: Parts
  /** By topic; undefined once its partitions are known. */
  readonly #waiting = new Map<string, Waiting[] | undefined>()
  #refreshedAtMs = Number.NEGATIVE_INFINITY
  #turn = 0

  constructor(parts: Parts) {
    this.#parts = parts
  }

  place(record: OutgoingRecord, told: Told): void {
    const { topic } = record
    if (!this.#waiting.has(topic)) {
      this.#waiting.set(topic, [])
      void this.#load(topic)
    }
    const waiting = this.#waiting.get(topic)
    if (waiting) waiting.push({ record, told })
    else this.#put(record, told)
  }

  /** Fails what waits for its topic. */
  discard(error: Error): void {
    for (const waiting of this.#waiting.values()) for (const { told } of waiting?.splice(0) ?? []) told(error)
  }

  async #load(topic: string): Promise<void> {
    const failure = await this.#found(topic)
    const waiting = this.#waiting.get(topic) ?? []
    this.#refreshedAtMs = this.#parts.clock.nowMs()
    if (failure) {
      // The next record for it looks again.
      this.#waiting.delete(topic)
      for (const { told } of waiting) told(failure)
    } else {
      this.#waiting.set(topic, undefined)
      for (const { record, told } of waiting) this.#put(record, told)
      this.#parts.onLoaded()
    }
  }

  /** @returns why the topic cannot be used; undefined if it can */
  async #found(topic: string): Promise<Error | undefined> {
    const { brokers, clock, settings } = this.#parts
    const untilMs = clock.nowMs() + settings.deliveryTimeoutMs
    for (let attempt = 0; ; attempt++) {
      try {
        await brokers.load(topic)
        return undefined
      } catch (error) {
        const isOver = attempt >= settings.retries || clock.nowMs() >= untilMs
        if (isOver || !mayPass(error)) return deliveryError(error, `topic ${topic}`)
        await new Promise<void>(resolve => clock.after(settings.retryBackoffMs, resolve))
      }
    }
  }

  #put(record: OutgoingRecord, told: Told): void {
    this.#refresh()
    this.#parts.put({ ...record, partition: this.#partitionOf(record) }, told)
  }

  /** Kafka's own partitioning, as every Java client has it; records without a key in turn. */
  #partitionOf({ topic, partition, key }: OutgoingRecord): number {
    if (partition !== undefined) return partition
    const leaders = this.#parts.brokers.leadersOf(topic)
    if (key !== null) return partitionOf(key, leaders.size)
    this.#turn = (this.#turn + 1) % leaders.size
    return this.#turn
  }

  #refresh(): void {
    const nowMs = this.#parts.clock.nowMs()
    if (nowMs - this.#refreshedAtMs < REFRESH_EVERY_MS) return
    this.#refreshedAtMs = nowMs
    // If it fails, what is sent next fails as well, and is reported.
    this.#parts.brokers.refresh().catch(() => {})
  }
}
