import type { BatchSequence } from '@sluice/kafka-records/writing'
import type { OutgoingRecord } from '../cloudevents/record.ts'
import type { BatchLimits } from '../settings/producer.ts'
import { Batch } from './batch.ts'
import type { Told } from './delivery.ts'

/** Kafka counts records in 31 bits, and starts again at 0. */
const LAST_SEQUENCE = 0x7fffffff
const LAST_EPOCH = 0x7fff

export interface QueueLimits extends BatchLimits {
  readonly batchRecords: number
  readonly batchBytes: number
}

/** The batches of one partition, in the order of their records. Pure: time is an argument. */
export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  readonly #limits: QueueLimits
  /** Batches to be sent. All but the last are full. */
  #batches: Batch[] = []
  #count = 0
  /** Number of batches that are sent, and not answered. */
  inFlight = 0
  /** Nothing is sent before this time, after an error. */
  pausedUntilMs = 0
  /** Identity of its sequence; undefined until something is sent. */
  #identity: Pick<BatchSequence, 'producerId' | 'producerEpoch'> | undefined
  #nextSequence = 0

  constructor(topic: string, partition: number, limits: QueueLimits) {
    this.topic = topic
    this.partition = partition
    this.#limits = limits
  }

  get first(): Batch | undefined {
    return this.#batches[0]
  }

  append(record: OutgoingRecord, nowMs: number, timestampMs: number, told: Told): Batch {
    let batch = this.#batches.at(-1)
    const size = estimated(record)
    if (batch === undefined || batch.isClosed || this.isFull(batch, size)) {
      batch = new Batch(this.#count++, nowMs, this.#limits)
      this.#batches.push(batch)
    }
    batch.append(record, timestampMs, told)
    return batch
  }

  /** Returns the time at which its first batch can be sent; undefined without one. Full ones are due at once. */
  dueAtMs(): number | undefined {
    const [first, second] = this.#batches
    if (first === undefined) return undefined
    const isDue = second !== undefined || first.isClosed || this.isFull(first)
    return isDue ? this.pausedUntilMs : Math.max(first.dueAtMs, this.pausedUntilMs)
  }

  hurry(): void {
    for (const batch of this.#batches) {
      batch.isCounted = false
      batch.dueAtMs = Number.NEGATIVE_INFINITY
    }
  }

  take(): Batch {
    this.inFlight++
    return this.#batches.shift() as Batch
  }

  /** Puts back a batch, to be sent next. Several come back in the order in which they were sent. */
  putBack(batch: Batch, pausedUntilMs: number): void {
    const at = this.#batches.findIndex(({ number }) => number > batch.number)
    this.#batches.splice(at < 0 ? this.#batches.length : at, 0, batch)
    this.pausedUntilMs = pausedUntilMs
  }

  expired(nowMs: number): readonly Batch[] {
    if ((this.first?.deadlineMs ?? Number.POSITIVE_INFINITY) > nowMs) return []
    const over = this.#batches.filter(({ deadlineMs }) => deadlineMs <= nowMs)
    this.#batches = this.#batches.filter(({ deadlineMs }) => deadlineMs > nowMs)
    return over
  }

  takeAll(): readonly Batch[] {
    const all = this.#batches
    this.#batches = []
    return all
  }

  /** Returns the sequence of a batch that is sent for the first time under the present identity. */
  sequenceOf(count: number, identity: Pick<BatchSequence, 'producerId' | 'producerEpoch'>): BatchSequence {
    if (
      this.#identity?.producerId !== identity.producerId ||
      this.#identity.producerEpoch < identity.producerEpoch
    ) {
      this.#identity = identity
      this.#nextSequence = 0
    }
    const firstSequence = this.#nextSequence
    this.#nextSequence = (firstSequence + count) & LAST_SEQUENCE
    return { ...this.#identity, firstSequence }
  }

  /**
   * Begins a new epoch for this partition: it is not known whether a batch was written, or the broker counts differently. Batches of the
   * old epoch cannot be written once one of the new one is.
   *
   * @returns false if the producer needs another identity for that
   */
  beginEpoch(): boolean {
    if (this.#identity === undefined) return true
    if (this.#identity.producerEpoch >= LAST_EPOCH - 1) return false
    this.#identity = { ...this.#identity, producerEpoch: this.#identity.producerEpoch + 1 }
    this.#nextSequence = 0
    return true
  }

  /** @param more bytes that are to be added */
  isFull({ builder }: Batch, more = 1): boolean {
    const { batchRecords, batchBytes } = this.#limits
    return builder.count > 0 && (builder.count >= batchRecords || builder.bytes + more > batchBytes)
  }
}

/** Returns an upper bound for the size of a record in a batch. */
function estimated({ key, value, headers }: OutgoingRecord): number {
  let bytes = 40 + (key?.length ?? 0) + (value?.length ?? 0)
  for (const [name, content] of headers) bytes += 3 * name.length + content.length + 10
  return bytes
}
