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

/** The batches of one partition, in the order in which their records were published. Pure: time is an argument. */
export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  readonly #limits: QueueLimits
  /** Waiting to be sent. All but the last are full. */
  #batches: Batch[] = []
  #count = 0
  /** Sent, and not answered. */
  inFlight = 0
  /** After an error: nothing is sent before. */
  pausedUntilMs = 0
  /** The identity under which its sequence counts; undefined until something is sent. */
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

  /** @returns the batch that it is in now */
  append(record: OutgoingRecord, nowMs: number, timestampMs: number, told: Told): Batch {
    let batch = this.#batches.at(-1)
    const size = estimated(record)
    if (batch === undefined || batch.isClosed || this.#isFull(batch, size)) {
      batch = new Batch(this.#count++, nowMs, this.#limits)
      this.#batches.push(batch)
    }
    batch.append(record, timestampMs, told)
    return batch
  }

  /** When its first batch can be sent; undefined if there is none. Full ones are due at once. */
  dueAtMs(): number | undefined {
    const [first, second] = this.#batches
    if (first === undefined) return undefined
    const isDue = second !== undefined || first.isClosed || this.#isFull(first, 1)
    return isDue ? this.pausedUntilMs : Math.max(first.dueAtMs, this.pausedUntilMs)
  }

  /** Has everything that waits be due. */
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

  /** A batch comes back, and is the next one to be sent. Several come back in the order in which they were sent. */
  putBack(batch: Batch, pausedUntilMs: number): void {
    const at = this.#batches.findIndex(({ number }) => number > batch.number)
    this.#batches.splice(at < 0 ? this.#batches.length : at, 0, batch)
    this.pausedUntilMs = pausedUntilMs
  }

  /** Takes out batches whose time is over. */
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

  /** The sequence of a batch that is sent for the first time under the identity that the producer has now. */
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
   * Whether a batch was written is not known, or the broker counts differently: begins a new epoch for this partition. What
   * has been sent under the old one cannot be written any more once something of the new one is.
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

  /** Whether nothing can be added. */
  isFull(batch: Batch): boolean {
    return this.#isFull(batch, 1)
  }

  #isFull({ builder }: Batch, more: number): boolean {
    const { batchRecords, batchBytes } = this.#limits
    return builder.count > 0 && (builder.count >= batchRecords || builder.bytes + more > batchBytes)
  }
}

/** An upper bound for what a record takes in a batch. */
function estimated({ key, value, headers }: OutgoingRecord): number {
  let bytes = 40 + (key?.length ?? 0) + (value?.length ?? 0)
  for (const [name, content] of headers) bytes += 3 * name.length + content.length + 10
  return bytes
}
