/** Publishes finished records: batches, sequences, retries and bounded memory. `TelemetryProducer` makes the records of events. */

import { deflate } from '@sluice/kafka-records/writing'
import { failureOf, isUnknownTopic, missingTopic } from '../adapters/kafka/errors.ts'
import type { Brokers } from '../adapters/kafka/produce-types.ts'
import { type Clock, SYSTEM_CLOCK } from '../adapters/system.ts'
import { type OutgoingRecord, sizeOf } from '../cloudevents/record.ts'
import { RecordRefused } from '../pipeline/errors.ts'
import type { BatchLimits, ProducerSettings } from '../settings/producer.ts'
import { Accumulator } from './accumulator.ts'
import { Buffered } from './buffer.ts'
import { DeliveryFailed, type Outcome, type OutcomeCallback } from './delivery.ts'
import { ANONYMOUS, IdempotentIdentity, type Identity } from './identity.ts'
import { MetricsCounter, type ProducerMetrics } from './metrics.ts'
import { Outstanding } from './outstanding.ts'
import { Placing } from './placing.ts'
import { Sender } from './sender.ts'
import { Trouble } from './trouble.ts'

/** @see BatchLimits.compressFromBytes */
type Settings = ProducerSettings & Pick<BatchLimits, 'compressFromBytes'>

export class RecordProducer {
  readonly #settings: Settings
  readonly #brokers: Brokers
  readonly #accumulator: Accumulator
  readonly #placing: Placing
  readonly #sender: Sender
  readonly #metrics = new MetricsCounter()
  readonly #buffered: Buffered
  readonly #outstanding: Outstanding
  readonly #trouble: Trouble
  #isClosed = false
  #isHurrying = false

  /**
   * Connects at the first record.
   *
   * @param identity by default according to the settings
   * @param warn is called once when Kafka does not answer for some seconds
   */
  constructor(
    brokers: Brokers,
    settings: Settings,
    {
      clock = SYSTEM_CLOCK,
      identity,
      warn,
    }: {
      readonly clock?: Clock
      readonly identity?: Identity | undefined
      readonly warn?: (line: string) => void
    } = {},
  ) {
    const trouble = new Trouble(clock, warn)
    this.#trouble = trouble
    const accumulator = new Accumulator(settings)
    this.#settings = settings
    this.#brokers = brokers
    this.#accumulator = accumulator
    this.#buffered = new Buffered(settings.bufferBytes)
    this.#outstanding = new Outstanding(clock)
    this.#sender = new Sender({
      ...{ settings, accumulator, brokers, clock, trouble, deflate, metrics: this.#metrics },
      identity: identity ?? (settings.idempotent ? new IdempotentIdentity(brokers) : ANONYMOUS),
    })
    this.#placing = new Placing({
      ...{ brokers, clock, settings, trouble },
      put: (record, told) => {
        if (accumulator.append(record, clock.nowMs(), clock.epochMs(), told)) this.#sender.pump()
      },
      // Records that have waited for the partitions of their topic have waited enough.
      onLoaded: () => this.hurry(),
    })
  }

  /** Takes a record, in the order of calls. Its outcome comes later, never before this returns. @throws DeliveryFailed */
  accept(record: OutgoingRecord, told: OutcomeCallback): void {
    if (this.#isClosed) throw new DeliveryFailed('closed')
    this.#buffered.requireRoom()
    const bytes = this.#buffered.add(sizeOf(record))
    const generation = this.#outstanding.add()
    this.#placing.place(record, outcome => {
      this.#buffered.release(bytes)
      this.#outstanding.settle(generation)
      told(outcome)
    })
  }

  /** Undefined if more can be taken now; else resolves when it can. */
  room(): Promise<void> | undefined {
    return this.#buffered.isFree ? undefined : this.#buffered.room()
  }

  /**
   * Publishes records together with those of the same turn of the event loop. In each partition, all are in the order of the calls. Resolves to
   * the offset of each record; that of the last copy if there are several.
   *
   * @throws the first error in the order of the records, once the outcome of all is known
   */
  async publish(records: readonly OutgoingRecord[]): Promise<readonly number[]> {
    if (records.length === 0) return []
    const { promise, resolve } = Promise.withResolvers<void>()
    const outcomes: Outcome[] = []
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
    // A new error, because other callers have records in the same batch.
    if (first instanceof RecordRefused) {
      const unwritten = [...outcomes.keys()].filter(index => outcomes[index] instanceof Error)
      throw Object.assign(new RecordRefused(first.message, { cause: first }), { unwritten })
    }
    if (first) throw first
    return outcomes.map(outcome => (outcome as Exclude<Outcome, Error>).offset)
  }

  async partitionsOf(topic: string): Promise<number> {
    try {
      await this.#brokers.load(topic)
    } catch (error) {
      const failure = failureOf(error)
      throw isUnknownTopic(failure) ? missingTopic(topic, error) : failure
    }
    return this.#brokers.leadersOf(topic).size
  }

  /** The partitions of a batch publish at nearly the same moment: their records travel together. */
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

  /** Sends all records, and waits until they are settled. @returns the number that is not */
  drained(withinMs = this.#settings.deliveryTimeoutMs): Promise<number> {
    this.hurry()
    return this.#outstanding.drained(withinMs)
  }

  /** Gives up records that are not on their way. */
  discard(error: Error): void {
    this.#placing.discard(error)
    for (const batch of this.#accumulator.takeAll()) {
      this.#metrics.failed(batch.builder.count)
      batch.fail(error)
    }
  }

  metrics(): ProducerMetrics {
    return this.#metrics.snapshot()
  }

  /** Takes nothing more; records that were taken can still be drained. */
  end(): void {
    this.#isClosed = true
  }

  async close(): Promise<void> {
    this.end()
    const error = new DeliveryFailed('not-delivered-at-close', this.#trouble.reason)
    this.#placing.stop(error)
    this.#sender.stop(error)
    this.discard(error)
    await this.#brokers.close()
  }
}
