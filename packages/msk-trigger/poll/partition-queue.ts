import type { Mapping } from '../config/mappings.ts'
import type { PolledMessage } from '../invoke/event.ts'
import { MAX_PAYLOAD_BYTES, partitionBytes, recordBytes } from '../invoke/event-size.ts'
import { PACKED_BYTES } from '../invoke/packed-layout.ts'
import { type PackedRecord, RecordPacker } from '../invoke/packed-records.ts'
import { mustHold } from '../support/must-hold.ts'
import type { BatchableQueue, BatchableRecord } from './batching.ts'
import type { Entry } from './intake.ts'

/**
 * Reason why a record can never be sent to the function. `condition` is reported to the destination. See rules 9 and 15 in
 * `RULES.md`.
 */
interface Undeliverable {
  readonly condition: 'MaximumPayloadSizeExceeded' | 'SCHEMA_NOT_FOUND' | 'DESERIALIZATION_ERROR'
  readonly why: string
}

/**
 * Record that waits for its batch. It is converted immediately after the fetch, because the kafkajs buffer that contains the
 * original is large.
 */
export interface PendingRecord extends BatchableRecord {
  /**
   * Last offset that is done when this record is done. It also covers the skipped records that follow, which have no separate
   * entry. See rule 39 in `RULES.md`.
   */
  lastOffset: number
  /** Packed content of the record; undefined if a filter skips the record. */
  readonly packed: PackedRecord | undefined
  /** Timestamp in milliseconds since the epoch. */
  readonly timestampMs: number
  /** Original key, stored only if the records may be sent to a topic. See rule 43 in `RULES.md`. */
  readonly key: Buffer | null
  /** Approximate size in memory in bytes, whether or not the record is sent. */
  readonly memoryBytes: number
  readonly undeliverable: Undeliverable | undefined
}

export type QueueMapping = Pick<Mapping, 'topic' | 'batchSize' | 'destination'>

/** Approximate memory that a header occupies in addition to its name and value, in bytes. */
const HEADER_BYTES = 150

/**
 * Minimum of the low watermark, the number of pending records below which more records are fetched. It is small, so that most
 * records are released before the garbage collector promotes them to the old generation.
 */
const MIN_LOW_WATERMARK = 500

/**
 * Pending records of an assigned partition. Records are kept until they are committed, so that failed batches can be delivered
 * again from memory.
 */
export class PartitionQueue implements BatchableQueue {
  readonly partition: number
  readonly eventBytes: number
  /** True once the partition was revoked. Records that are still in flight then must not be committed. */
  revoked = false
  #pending: PendingRecord[] = []
  #pendingBytes = 0
  #nextOffset: number
  /** Number of records that were fetched but not appended yet. */
  #reserved = 0
  #reservedBytes = 0
  /** Offset after the last record that was taken for delivery. */
  #takenTo = 0
  #committedTo = 0
  /** Number of times that the log of the partition was replaced by a new one. */
  #logEpoch = 0
  #room = Promise.withResolvers<void>()
  readonly #mapping: QueueMapping
  readonly #lowWatermark: number
  readonly #maxRecordBytes: number

  /** @param envelopeBytes size of an event without records, in bytes */
  constructor(mapping: QueueMapping, partition: number, nextOffset: number, envelopeBytes = 0) {
    this.partition = partition
    this.eventBytes = partitionBytes(mapping.topic, partition)
    this.#mapping = mapping
    this.#nextOffset = nextOffset
    this.#lowWatermark = Math.max(mapping.batchSize, MIN_LOW_WATERMARK)
    this.#maxRecordBytes = MAX_PAYLOAD_BYTES - envelopeBytes - this.eventBytes
  }

  get pending(): readonly PendingRecord[] {
    return this.#pending
  }

  get nextOffset(): number {
    return this.#nextOffset
  }

  /** True if twice the content of a batch is pending. More records would only occupy memory. */
  get isFull(): boolean {
    return this.#count >= 2 * this.#lowWatermark || this.#bytes >= 2 * MAX_PAYLOAD_BYTES
  }

  /**
   * True if less than a full batch is pending. A paused partition must then be resumed, because otherwise its batch could not
   * become full.
   */
  get isLow(): boolean {
    return this.#count < this.#lowWatermark && this.#bytes < MAX_PAYLOAD_BYTES
  }

  get #count(): number {
    return this.#pending.length + this.#reserved
  }

  get #bytes(): number {
    return this.#pendingBytes + this.#reservedBytes
  }

  /**
   * Reserves space for fetched messages, in the order of their offsets. Call the returned function to append
   * them once they are classified.
   */
  reserve(messages: readonly PolledMessage[]): (entries: readonly Entry[], nowMs: number) => void {
    this.#forgetFrom(Number(messages[0]?.offset ?? this.#nextOffset))
    this.#nextOffset = Number(messages.at(-1)?.offset ?? this.#nextOffset - 1) + 1
    const bytes = messages.reduce((sum, message) => sum + memoryBytes(message), 0)
    this.#reserved += messages.length
    this.#reservedBytes += bytes
    const epoch = this.#logEpoch
    return (entries, nowMs) => {
      if (epoch !== this.#logEpoch) return
      this.#reserved -= messages.length
      this.#reservedBytes -= bytes
      const packer = new RecordPacker(packedBytes(entries))
      let n = 0
      for (const entry of entries) this.#append(entry, messages[n++]?.key ?? null, packer, nowMs)
    }
  }

  take(count: number): PendingRecord[] {
    const records = this.#pending.splice(0, count)
    const [first, last] = [records.at(0), records.at(-1)]
    if (last) this.#takenTo = last.lastOffset + 1
    // The log has restarted.
    if (first && first.offset < this.#committedTo) this.#committedTo = 0
    for (const record of records) this.#pendingBytes -= record.memoryBytes
    if (!this.isFull) this.#room.resolve()
    return records
  }

  /** Sets the offset to commit. @throws Error if it does not grow, or if a record before it was not taken for delivery */
  raiseCommitted(offset: number): void {
    const [from, to] = [this.#committedTo, this.#takenTo]
    mustHold(offset > from, 'commits-grow', () => `offset ${offset} follows ${from}`)
    mustHold(offset <= to, 'commits-only-what-was-taken', () => `offset ${offset} follows ${to}`)
    this.#committedTo = offset
  }

  get room(): Promise<void> {
    if (!this.isFull) return Promise.resolve()
    this.#room = Promise.withResolvers()
    return this.#room.promise
  }

  #append(entry: Entry, key: Buffer | null, packer: RecordPacker, arrivedAtMs: number): void {
    const { topic, destination } = this.#mapping
    const { message } = entry
    const offset = Number(message.offset)
    if (entry.fate === 'skip') {
      this.#coverSkipped(offset, Number(message.timestamp), arrivedAtMs)
      return
    }
    const size = recordBytes(topic, this.partition, message)
    const undeliverable = undeliverableReason(entry, size, this.#maxRecordBytes)
    this.#pending.push({
      offset,
      lastOffset: offset,
      // A record that cannot be sent to the function does not count towards the payload.
      eventBytes: undeliverable ? 0 : size,
      arrivedAtMs,
      packed: packer.pack(message),
      timestampMs: Number(message.timestamp),
      // Copy the key, because the original key would keep the buffer of the whole fetch in memory.
      key: destination?.kind === 'kafka' && key ? Buffer.from(key) : null,
      memoryBytes: size,
      undeliverable,
    })
    this.#pendingBytes += size
  }

  /**
   * Extends the last pending record to cover a skipped one. If no record is pending, the skipped record becomes a separate entry.
   */
  #coverSkipped(offset: number, timestampMs: number, arrivedAtMs: number): void {
    const last = this.#pending.at(-1)
    if (last) last.lastOffset = offset
    else {
      const nothing = {
        eventBytes: 0,
        packed: undefined,
        key: null,
        memoryBytes: 0,
        undeliverable: undefined,
      }
      this.#pending.push({ offset, lastOffset: offset, timestampMs, arrivedAtMs, ...nothing })
    }
  }

  /** Removes pending records from this offset on. They no longer exist if the topic was created again and its log has restarted. */
  #forgetFrom(offset: number): void {
    if (offset >= this.#nextOffset) return
    this.#logEpoch += 1
    this.#reserved = 0
    this.#reservedBytes = 0
    this.#pending = this.#pending.filter(record => record.offset < offset)
    this.#pendingBytes = this.#pending.reduce((sum, record) => sum + record.memoryBytes, 0)
  }
}

function memoryBytes({ key, value, headerList = [] }: PolledMessage): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0)
  for (const [name, of] of headerList) bytes += HEADER_BYTES + name.length + (of?.length ?? 0)
  return bytes
}

/**
 * Returns the approximate packed size of records. Skipped records are excluded, because their space would be occupied as long as
 * any of the others is pending.
 */
function packedBytes(entries: readonly Entry[]): number {
  let bytes = 0
  for (const { fate, message } of entries) if (fate !== 'skip') bytes += memoryBytes(message) + PACKED_BYTES
  return bytes
}

function undeliverableReason(
  entry: Exclude<Entry, { fate: 'skip' }>,
  size: number,
  maxRecordBytes: number,
): Undeliverable | undefined {
  if (entry.fate === 'fail') return { condition: entry.reason, why: entry.why }
  const { oversizeBytes } = entry.message
  if (oversizeBytes === undefined && size <= maxRecordBytes) return undefined
  const sizeText =
    oversizeBytes === undefined ? `in an event it takes ${size}` : `in the log it has ${oversizeBytes}`
  const why = `${sizeText} bytes, more than the ${maxRecordBytes} that an invocation has room for`
  return { condition: 'MaximumPayloadSizeExceeded', why }
}
