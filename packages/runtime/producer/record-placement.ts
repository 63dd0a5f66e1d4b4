/** Adds records to the queues of their partitions, after looking up the partitions of their topic. */

import { isUnknownTopic, missingTopic, unknownPartition } from '../adapters/kafka/errors.ts'
import { deliveryError, mayPass } from '../adapters/kafka/producer-connection.ts'
import type { Brokers } from '../adapters/kafka/producer-ports.ts'
import type { Clock } from '../adapters/system.ts'
import type { OutgoingRecord } from '../cloudevents/record.ts'
import { computePartition } from '../consumer/murmur2.ts'
import { Unavailable } from '../pipeline/errors.ts'
import type { BrokerOutage } from './broker-outage.ts'
import type { OutcomeCallback, PublishOutcome } from './delivery-report.ts'

/**
 * Interval for refreshing the partitions of topics, in milliseconds. Without it, records would not be written
 * to the same partition as records of other producers with the same key, once partitions were added.
 */
const REFRESH_EVERY_MS = 5 * 60_000
/** Time that it may take until all brokers know a new topic, in milliseconds. */
const UNKNOWN_TOPIC_MS = 2_000

interface WaitingRecord {
  readonly record: OutgoingRecord
  readonly told: OutcomeCallback
  /** True if the partitions of the topic were looked up after the record was accepted. */
  isLookedUp: boolean
}

interface Parts {
  readonly brokers: Brokers
  readonly clock: Clock
  readonly settings: {
    readonly retries: number
    readonly retryBackoffMs: number
    readonly deliveryTimeoutMs: number
  }
  readonly put: (record: OutgoingRecord & { readonly partition: number }, told: OutcomeCallback) => void
  readonly outage: BrokerOutage
  /** Called after waiting records were added to their queues. */
  readonly onLoaded: () => void
}

export class RecordPlacement {
  readonly #parts: Parts
  readonly #known = new Set<string>()
  /** Waiting records by topic, in order. The map contains a topic while its partitions are looked up. */
  readonly #waiting = new Map<string, WaitingRecord[]>()
  #refreshedAtMs = Number.NEGATIVE_INFINITY
  #turn = 0
  #stopped: Error | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  place(record: OutgoingRecord, told: OutcomeCallback): void {
    this.#place({ record, told, isLookedUp: false })
  }

  /** Stops all further look-ups. */
  stop(error: Error): void {
    this.#stopped = error
    for (const waiting of this.#waiting.values()) for (const { told } of waiting.splice(0)) told(error)
  }

  #place(record: WaitingRecord): void {
    const { topic } = record.record
    const waiting = this.#waiting.get(topic)
    if (waiting) waiting.push(record)
    else if (this.#canPut(record)) this.#put(record)
    else {
      this.#waiting.set(topic, [record])
      void this.#lookUp(topic)
    }
  }

  /**
   * Returns true if a record can be added to a queue without another look-up of its topic. Partitions may have been added since the
   * last look-up, so a record for an unknown partition, or for all partitions, requires another look-up.
   */
  #canPut({ record: { topic, partition, everyPartition }, isLookedUp }: WaitingRecord): boolean {
    if (!this.#known.has(topic) || this.#leaders(topic).size === 0) return false
    if (isLookedUp) return true
    return !everyPartition && (partition === undefined || this.#leaders(topic).has(partition))
  }

  async #lookUp(topic: string): Promise<void> {
    const failure = await this.#loadTopic(topic)
    const waiting = this.#waiting.get(topic) ?? []
    this.#waiting.delete(topic)
    this.#refreshedAtMs = this.#parts.clock.nowMs()
    if (failure ?? this.#stopped) for (const { told } of waiting) told((failure ?? this.#stopped) as Error)
    else {
      this.#known.add(topic)
      for (const record of waiting) this.#place(record)
      this.#parts.onLoaded()
    }
  }

  /** Looks up a topic. @returns the reason why the topic cannot be used; undefined if it can */
  async #loadTopic(topic: string): Promise<Error | undefined> {
    const { brokers, clock, settings, outage } = this.#parts
    const startedMs = clock.nowMs()
    for (let attempt = 0; ; attempt++) {
      for (const record of this.#waiting.get(topic) ?? []) record.isLookedUp = true
      try {
        await (this.#known.has(topic) ? brokers.refresh() : brokers.load(topic))
        outage.noteSuccess()
        if (this.#leaders(topic).size > 0) return undefined
        throw new Unavailable('broker-unavailable', `no broker knows the partitions of ${topic} yet`)
      } catch (cause) {
        if (this.#stopped) return this.#stopped
        outage.noteFailure(cause)
        const delivery = deliveryError(cause, `topic ${topic}`)
        const error = isUnknownTopic(delivery) ? missingTopic(topic, cause) : delivery
        const { deliveryTimeoutMs } = settings
        const patienceMs = isUnknownTopic(error)
          ? Math.min(UNKNOWN_TOPIC_MS, deliveryTimeoutMs)
          : deliveryTimeoutMs
        const isOver = attempt >= settings.retries || clock.nowMs() >= startedMs + patienceMs
        if (isOver || !(mayPass(cause) || cause instanceof Unavailable)) return error
        // Brokers that limit new connections refuse those of functions that start together, so the pauses grow.
        const pauseMs = settings.retryBackoffMs * 2 ** Math.min(attempt, 3)
        await new Promise<void>(resolve => clock.after(pauseMs, resolve))
        if (this.#stopped) return this.#stopped
      }
    }
  }

  #put({ record, told }: WaitingRecord): void {
    this.#refresh()
    const { topic, partition } = record
    const leaders = this.#leaders(topic)
    if (record.everyPartition) {
      const toldOnce = tellOnce(leaders.size, told)
      for (const each of leaders.keys()) this.#parts.put({ ...record, partition: each }, toldOnce)
    } else if (partition !== undefined && !leaders.has(partition))
      told(unknownPartition(topic, leaders.size, partition))
    else this.#parts.put({ ...record, partition: this.#choosePartition(record) }, told)
  }

  /**
   * Returns the partition of a record, as Kafka's Java clients choose it. Records without a key are distributed in turn to the
   * partitions that have a leader.
   */
  #choosePartition({ topic, partition, key }: OutgoingRecord): number {
    if (partition !== undefined) return partition
    const leaders = this.#leaders(topic)
    if (key !== null) return computePartition(key, leaders.size)
    for (let tried = 0; tried < leaders.size; tried++) {
      this.#turn = (this.#turn + 1) % leaders.size
      if ((leaders.get(this.#turn) ?? -1) >= 0) break
    }
    return this.#turn
  }

  #leaders(topic: string): ReadonlyMap<number, number> {
    return this.#parts.brokers.getLeaders(topic)
  }

  #refresh(): void {
    const nowMs = this.#parts.clock.nowMs()
    if (this.#stopped || nowMs - this.#refreshedAtMs < REFRESH_EVERY_MS) return
    this.#refreshedAtMs = nowMs
    // Ignore the error: the next request fails as well and is reported.
    this.#parts.brokers.refresh().catch(() => {})
  }
}

/**
 * Returns a callback that collects the outcomes of all copies of a record, and then reports a single outcome: the first failure, or
 * success if no copy failed.
 */
function tellOnce(copies: number, told: OutcomeCallback): OutcomeCallback {
  let left = copies
  let failure: Error | undefined
  return (outcome: PublishOutcome) => {
    if (outcome instanceof Error) failure ??= outcome
    left--
    if (left === 0) told(failure ?? outcome)
  }
}
