/**
 * Publishes serialized records, with batches, sequences, retries and limited memory. `TelemetryProducer` creates these records from
 * events.
 */

import { isUnknownTopic, missingTopic, toEngineError } from '../adapters/kafka/errors.ts'
import type { Brokers } from '../adapters/kafka/producer-ports.ts'
import { type Clock, SYSTEM_CLOCK } from '../adapters/system.ts'
import { estimateSize, type OutgoingRecord } from '../cloudevents/record.ts'
import { RecordRefused } from '../pipeline/errors.ts'
import type { BatchLimits, ProducerSettings } from '../settings/producer.ts'
import { Accumulator } from './accumulator.ts'
import { BrokerOutage } from './broker-outage.ts'
import { DeliveryFailed, type OutcomeCallback, type PublishOutcome } from './delivery-report.ts'
import { MemoryLimit } from './memory-limit.ts'
import { ProducerIdentity } from './producer-identity.ts'
import { ProducerCounters, type ProducerMetrics } from './producer-metrics.ts'
import { RecordPlacement } from './record-placement.ts'
import { Sender } from './sender.ts'

/** @see BatchLimits.compressFromBytes */
type Settings = ProducerSettings & Pick<BatchLimits, 'compressFromBytes'>

export class RecordProducer {
  readonly #settings: Settings
  readonly #brokers: Brokers
  readonly #accumulator: Accumulator
  readonly #placement: RecordPlacement
  readonly #sender: Sender
  readonly #metrics = new ProducerCounters()
  readonly #memory: MemoryLimit
  readonly #clock: Clock
  /** Number of unsettled records, and callbacks for when there are none. */
  #outstanding = 0
  #waiting: (() => void)[] = []
  readonly #outage: BrokerOutage
  #isClosed = false
  #isHurrying = false

  /**
   * Creates a producer that connects with the first record.
   *
   * @param warn function that is called once if Kafka does not respond for several seconds
   */
  constructor(
    brokers: Brokers,
    settings: Settings,
    {
      clock = SYSTEM_CLOCK,
      warn,
    }: {
      readonly clock?: Clock
      readonly warn?: (line: string) => void
    } = {},
  ) {
    const outage = new BrokerOutage(clock, warn)
    this.#outage = outage
    const accumulator = new Accumulator(settings)
    this.#settings = settings
    this.#brokers = brokers
    this.#accumulator = accumulator
    this.#memory = new MemoryLimit(settings.bufferBytes)
    this.#clock = clock
    this.#sender = new Sender({
      ...{ settings, accumulator, brokers, clock, outage, metrics: this.#metrics },
      identity: settings.idempotent ? new ProducerIdentity(brokers) : undefined,
    })
    this.#placement = new RecordPlacement({
      ...{ brokers, clock, settings, outage },
      put: (record, told) => {
        if (accumulator.append(record, clock.nowMs(), clock.epochMs(), told)) this.#sender.pump()
      },
      // Records that have waited for the partitions of their topic are sent without further delay.
      onLoaded: () => this.hurry(),
    })
  }

  /**
   * Accepts a record. Records are sent in the order of the calls. The outcome is reported later, never before this method returns.
   *
   * @throws DeliveryFailed
   */
  accept(record: OutgoingRecord, onOutcome: OutcomeCallback): void {
    if (this.#isClosed) throw new DeliveryFailed('closed')
    this.#memory.requireRoom()
    const bytes = this.#memory.add(estimateSize(record))
    this.#outstanding += 1
    this.#placement.place(record, outcome => {
      this.#memory.release(bytes)
      this.#completeRecord()
      onOutcome(outcome)
    })
  }

  /** Returns undefined if more records can be accepted now; otherwise a promise that resolves when they can. */
  waitForRoom(): Promise<void> | undefined {
    return this.#memory.isFree ? undefined : this.#memory.waitForRoom()
  }

  /**
   * Publishes records. They are sent together with all records that are accepted in the same turn of the event loop. Within each
   * partition, records are written in the order of the calls. Resolves to the offset of each record; if a record has several
   * copies, to the offset of the last copy.
   *
   * @throws the error of the first record that failed, once all outcomes are known
   */
  async publish(records: readonly OutgoingRecord[]): Promise<readonly number[]> {
    if (records.length === 0) return []
    const { promise, resolve } = Promise.withResolvers<void>()
    const outcomes: PublishOutcome[] = []
    let left = records.length
    for (const [index, record] of records.entries())
      this.accept(record, outcome => {
        outcomes[index] = outcome
        left--
        if (left === 0) resolve()
      })
    this.#hurrySoon()
    await promise
    const first = outcomes.find(outcome => outcome instanceof Error)
    // Create a new error, because records of other callers may be in the same batch.
    if (first instanceof RecordRefused) {
      const unwritten = [...outcomes.keys()].filter(index => outcomes[index] instanceof Error)
      throw Object.assign(new RecordRefused(first.message, { cause: first }), { unwritten })
    }
    if (first) throw first
    return outcomes.map(outcome => (outcome as Exclude<PublishOutcome, Error>).offset)
  }

  async countPartitions(topic: string): Promise<number> {
    try {
      await this.#brokers.load(topic)
    } catch (error) {
      const failure = toEngineError(error)
      throw isUnknownTopic(failure) ? missingTopic(topic, error) : failure
    }
    return this.#brokers.getLeaders(topic).size
  }

  /** Sends all records after this turn of the event loop, because the partitions of a batch publish at nearly the same time. */
  #hurrySoon(): void {
    if (this.#isHurrying) return
    this.#isHurrying = true
    setImmediate(() => {
      this.#isHurrying = false
      this.hurry()
    })
  }

  /** Sends all records without waiting for more. */
  hurry(): void {
    this.#accumulator.hurry()
    this.#sender.pump()
  }

  /**
   * Sends all records and waits until none is unsettled.
   *
   * @returns the number of records that are not settled
   */
  async drain(withinMs = this.#settings.deliveryTimeoutMs): Promise<number> {
    this.hurry()
    if (this.#outstanding === 0 || withinMs <= 0) return this.#outstanding
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push(resolve)
    const cancel = this.#clock.after(withinMs, resolve)
    await promise
    cancel()
    return this.#outstanding
  }

  #completeRecord(): void {
    this.#outstanding -= 1
    if (this.#outstanding > 0) return
    for (const go of this.#waiting.splice(0)) go()
  }

  metrics(): ProducerMetrics {
    return this.#metrics.snapshot()
  }

  /** Accepts no more records. Accepted records can still be drained. */
  end(): void {
    this.#isClosed = true
  }

  async close(): Promise<void> {
    this.end()
    const error = new DeliveryFailed('not-delivered-at-close', this.#outage.reason)
    this.#placement.stop(error)
    this.#sender.stop(error)
    for (const batch of this.#accumulator.takeAll()) {
      this.#metrics.errors += batch.builder.count
      batch.fail(error)
    }
    await this.#brokers.close()
  }
}
