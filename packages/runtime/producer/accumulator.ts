/** Collects records in batches, by topic and partition, until they are sent. Pure: time is an argument. */
import {
  BatchBuilder,
  type BatchSequence,
  type ClosedBatch,
  type WritableCodec,
} from '@sluice/kafka-records/writing'
import type { OutgoingRecord } from '../cloudevents/record.ts'
import type { BatchLimits } from '../settings/producer.ts'
import type { OutcomeCallback } from './delivery-report.ts'

/** Size from which a record is not compressed, in bytes. By default, topics accept about 1 MiB per batch. */
const LARGE_RECORD_BYTES = 900 * 1024

export class Batch {
  readonly builder = new BatchBuilder()
  readonly #callbacks: OutcomeCallback[] = []
  /** Number of the batch within its partition. */
  readonly number: number
  /** Time at which delivery is abandoned, in milliseconds of the producer's clock. */
  readonly deadlineMs: number
  /** Time at which the batch is sent even if it is not full. */
  dueAtMs: number
  /** True while the batch waits for more records; false after it was made due or taken. */
  isCounted = true
  attempts = 0
  /** Time of the first attempt in milliseconds of the producer's clock, and size of the batch as sent. */
  sent: { readonly atMs: number; readonly bytes: number } | undefined
  /**
   * Sequence of the batch. It is set at the first attempt and then kept, because the broker recognises a repeated batch by its
   * sequence.
   */
  sequence: BatchSequence | undefined
  lastError: Error | undefined
  #closed: Promise<ClosedBatch> | undefined
  /** True once the outcome is reported. Later outcomes are ignored. */
  isSettled = false
  readonly #compressFromBytes: number

  constructor(
    number: number,
    nowMs: number,
    { lingerMs, deliveryTimeoutMs, compressFromBytes = 0 }: BatchLimits,
  ) {
    this.#compressFromBytes = compressFromBytes
    this.number = number
    this.dueAtMs = nowMs + lingerMs
    this.deadlineMs = nowMs + deliveryTimeoutMs
  }

  /** True if the batch is closed. A closed batch never changes, even if it is returned to the queue without having been sent. */
  get isClosed(): boolean {
    return this.#closed !== undefined
  }

  append(
    record: Pick<OutgoingRecord, 'key' | 'value' | 'headers'>,
    timestampMs: number,
    onOutcome: OutcomeCallback,
  ): void {
    if (this.isClosed) throw new Error('a batch that is closed takes no record')
    this.#callbacks.push(onOutcome)
    this.builder.append(record, timestampMs)
  }

  /**
   * Compresses the batch once. A single very large record is not compressed, because its contents must not determine whether the
   * topic accepts it.
   */
  close(codec: WritableCodec): Promise<ClosedBatch> {
    const { count, bytes } = this.builder
    const isPlain = bytes < this.#compressFromBytes || (count === 1 && bytes > LARGE_RECORD_BYTES)
    this.#closed ??= this.builder.close(isPlain ? 'none' : codec)
    return this.#closed
  }

  acknowledge(partition: number, baseOffset: number): void {
    if (this.isSettled) return
    this.isSettled = true
    for (const [index, callback] of this.#callbacks.entries())
      callback({ partition, offset: baseOffset < 0 ? -1 : baseOffset + index })
  }

  fail(error: Error): void {
    if (this.isSettled) return
    this.isSettled = true
    for (const callback of this.#callbacks) callback(error)
  }
}

/** Kafka's sequence numbers have 31 bits and wrap around to 0. */
const LAST_SEQUENCE = 0x7fffffff
const LAST_EPOCH = 0x7fff

interface QueueLimits extends BatchLimits {
  readonly batchRecords: number
  readonly batchBytes: number
}

/** Batches of one partition, in the order of their records. */
export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  readonly #limits: QueueLimits
  /** Batches to send. All except the last are full. */
  #batches: Batch[] = []
  #count = 0
  /** Number of batches that were sent and not answered yet. */
  inFlight = 0
  /** Earliest time at which the next batch may be sent after an error. */
  pausedUntilMs = 0
  /** Producer id and epoch of the sequence; undefined until a batch is sent. */
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

  append(record: OutgoingRecord, nowMs: number, timestampMs: number, onOutcome: OutcomeCallback): Batch {
    let batch = this.#batches.at(-1)
    const size = estimateBytes(record)
    if (batch === undefined || batch.isClosed || this.isFull(batch, size)) {
      batch = new Batch(this.#count++, nowMs, this.#limits)
      this.#batches.push(batch)
    }
    batch.append(record, timestampMs, onOutcome)
    return batch
  }

  /** Returns the time at which the first batch can be sent; undefined if none exists. Full batches are due immediately. */
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

  /**
   * Returns a batch to the queue, before all later batches, so that it is sent next. Several returned batches keep the order in
   * which they were sent.
   */
  putBack(batch: Batch, pausedUntilMs: number): void {
    const at = this.#batches.findIndex(({ number }) => number > batch.number)
    this.#batches.splice(at < 0 ? this.#batches.length : at, 0, batch)
    this.pausedUntilMs = pausedUntilMs
  }

  takeExpired(nowMs: number): readonly Batch[] {
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

  /** Returns the sequence of a batch that is sent for the first time under the current identity. */
  assignSequence(
    count: number,
    identity: Pick<BatchSequence, 'producerId' | 'producerEpoch'>,
  ): BatchSequence {
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
   * Begins a new epoch for this partition. This is necessary if it is unknown whether a batch was written, or if the broker expects
   * another sequence number. Once a batch of the new epoch is written, the broker rejects batches of the old epoch.
   *
   * @returns false if the epochs are exhausted, so the producer needs a new identity
   */
  beginEpoch(): boolean {
    if (this.#identity === undefined) return true
    if (this.#identity.producerEpoch >= LAST_EPOCH - 1) return false
    this.#identity = { ...this.#identity, producerEpoch: this.#identity.producerEpoch + 1 }
    this.#nextSequence = 0
    return true
  }

  /**
   * Returns true if the batch has no room for more data.
   *
   * @param more number of bytes to be added
   */
  isFull({ builder }: Batch, more = 1): boolean {
    const { batchRecords, batchBytes } = this.#limits
    return builder.count > 0 && (builder.count >= batchRecords || builder.bytes + more > batchBytes)
  }
}

/** Returns an upper bound for the size of a record in a batch. */
function estimateBytes({ key, value, headers }: OutgoingRecord): number {
  let bytes = 40 + (key?.length ?? 0) + (value?.length ?? 0)
  for (const [name, content] of headers) bytes += 3 * name.length + (content?.length ?? 0) + 10
  return bytes
}

export class Accumulator {
  readonly #limits: QueueLimits
  readonly #queues = new Map<string, Map<number, PartitionQueue>>()
  /** Number of records in batches that wait for more records. */
  #fresh = 0

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  /** Adds a record. @returns true if a batch has become due, or will be due earlier than before */
  append(
    record: OutgoingRecord & { readonly partition: number },
    nowMs: number,
    timestampMs: number,
    onOutcome: OutcomeCallback,
  ): boolean {
    const queue = this.#getQueue(record)
    const batch = queue.append(record, nowMs, timestampMs, onOutcome)
    if (batch.isCounted) this.#fresh++
    // The first record of a batch sets its due time and its timeout, so the sender must be notified.
    if (this.#fresh < this.#limits.batchRecords) return batch.builder.count === 1 || queue.isFull(batch)
    this.hurry()
    return true
  }

  hurry(): void {
    this.#fresh = 0
    for (const queue of this.queues()) queue.hurry()
  }

  take(queue: PartitionQueue): Batch {
    return this.#stopCounting(queue.take())
  }

  takeExpired(queue: PartitionQueue, nowMs: number): readonly Batch[] {
    return queue.takeExpired(nowMs).map(batch => this.#stopCounting(batch))
  }

  *queues(): Generator<PartitionQueue> {
    for (const partitions of this.#queues.values()) yield* partitions.values()
  }

  takeAll(): readonly Batch[] {
    this.#fresh = 0
    return [...this.queues()].flatMap(queue => queue.takeAll())
  }

  #stopCounting(batch: Batch): Batch {
    if (batch.isCounted) this.#fresh -= batch.builder.count
    batch.isCounted = false
    return batch
  }

  #getQueue({ topic, partition }: { readonly topic: string; readonly partition: number }): PartitionQueue {
    let partitions = this.#queues.get(topic)
    if (!partitions) {
      partitions = new Map()
      this.#queues.set(topic, partitions)
    }
    let queue = partitions.get(partition)
    if (!queue) {
      queue = new PartitionQueue(topic, partition, this.#limits)
      partitions.set(partition, queue)
    }
    return queue
  }
}
