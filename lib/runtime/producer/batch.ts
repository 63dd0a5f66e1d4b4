import {
  BatchBuilder,
  type BatchSequence,
  type ClosedBatch,
  type WritableCodec,
} from '@sluice/kafka-records/writing'
import type { Deflate } from '../adapters/kafka/produce-types.ts'
import type { OutgoingRecord } from '../cloudevents/record.ts'
import type { BatchLimits } from '../settings/producer.ts'
import type { Told } from './delivery.ts'

/** Topics take about 1 MiB in a batch by default. */
const LARGE_RECORD_BYTES = 900 * 1024

export class Batch {
  readonly builder = new BatchBuilder()
  readonly #told: Told[] = []
  /** Position among the batches of its partition. */
  readonly number: number
  /** Time of its first record, and time at which its delivery is given up; milliseconds of the producer's clock. */
  readonly begunAtMs: number
  readonly deadlineMs: number
  /** Time at which it is sent even if it is not full. */
  dueAtMs: number
  /** Whether its records count among those that wait for more: not after it was made due, or taken. */
  isCounted = true
  attempts = 0
  /** Set at the first attempt, and kept: the broker recognises a repeat by it. */
  sequence: BatchSequence | undefined
  /** Generation of the identity under which it was first taken to be sent. */
  generation: number | undefined
  lastError: Error | undefined
  #closed: Promise<ClosedBatch> | undefined
  /** Whether its outcome is reported: later ones change nothing. */
  isSettled = false
  readonly #compressFromBytes: number

  constructor(
    number: number,
    nowMs: number,
    { lingerMs, deliveryTimeoutMs, compressFromBytes = 0 }: BatchLimits,
  ) {
    this.#compressFromBytes = compressFromBytes
    this.number = number
    this.begunAtMs = nowMs
    this.dueAtMs = nowMs + lingerMs
    this.deadlineMs = nowMs + deliveryTimeoutMs
  }

  /** A closed batch does not change, even if it comes back without having been sent. */
  get isClosed(): boolean {
    return this.#closed !== undefined
  }

  append(record: Pick<OutgoingRecord, 'key' | 'value' | 'headers'>, timestampMs: number, told: Told): void {
    if (this.isClosed) throw new Error('a batch that is closed takes no record')
    this.#told.push(told)
    this.builder.append(record, timestampMs)
  }

  /** Compresses it once. One very large record stays as it is: whether its topic takes it must not depend on its contents. */
  close(codec: WritableCodec, deflate: Deflate): Promise<ClosedBatch> {
    const { count, bytes } = this.builder
    const isPlain = bytes < this.#compressFromBytes || (count === 1 && bytes > LARGE_RECORD_BYTES)
    this.#closed ??= this.builder.close(isPlain ? 'none' : codec, deflate)
    return this.#closed
  }

  acknowledge(partition: number, baseOffset: number): void {
    if (this.isSettled) return
    this.isSettled = true
    for (const [index, told] of this.#told.entries())
      told({ partition, offset: baseOffset < 0 ? -1 : baseOffset + index })
  }

  fail(error: Error): void {
    if (this.isSettled) return
    this.isSettled = true
    for (const told of this.#told) told(error)
  }
}
