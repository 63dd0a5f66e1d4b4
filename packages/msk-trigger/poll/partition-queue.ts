import type { Mapping } from '../config/mappings.ts'
import type { Message } from '../invoke/event.ts'
import { MAX_PAYLOAD_BYTES, partitionBytes, recordBytes } from '../invoke/event-size.ts'
import { PACKED_BYTES } from '../invoke/packed-layout.ts'
import { type PackedRecord, RecordPacker } from '../invoke/packed-records.ts'
import type { BatchableQueue, BatchableRecord } from './batching.ts'
import type { Entry } from './intake.ts'

/** Why a record is never sent to the function. `condition` is sent to its destination. Rules 9, 15. */
interface Undeliverable {
  readonly condition: 'MaximumPayloadSizeExceeded' | 'SCHEMA_NOT_FOUND' | 'DESERIALIZATION_ERROR'
  readonly why: string
}

/** A record that waits for its batch. It is converted as soon as it is read, because the kafkajs buffer that holds it is large. */
export interface PendingRecord extends BatchableRecord {
  /** The last offset that is done when this record is done: skipped records that follow it take no entry of their own. Rule 39. */
  lastOffset: number
  /** Content to deliver; undefined for a record that a filter skips. */
  readonly packed: PackedRecord | undefined
  /** Milliseconds since 1970. */
  readonly timestampMs: number
  /** The original key, kept only for a destination that reuses it. Rule 43. */
  readonly key: Buffer | null
  /** Approximate size in memory, sent or not. */
  readonly memoryBytes: number
  readonly undeliverable: Undeliverable | undefined
}

export type QueueMapping = Pick<Mapping, 'topic' | 'batchSize' | 'open' | 'destination'>

/** Memory of a header beside its name and value, in bytes. */
const HEADER_BYTES = 150

/** Kept small so that most records are released before the garbage collector promotes them to the old generation. */
const MIN_LOW_WATERMARK = 500

/** The pending records of an assigned partition. They stay until they are committed, so that a batch is redelivered from memory. */
export class PartitionQueue implements BatchableQueue {
  readonly partition: number
  readonly eventBytes: number
  /** The partition was revoked: records that are still in flight must not be committed. */
  revoked = false
  #pending: PendingRecord[] = []
  #pendingBytes = 0
  #nextOffset: number
  /** Fetched, and not yet appended. */
  #reserved = 0
  #reservedBytes = 0
  /** Incremented each time the log starts again. */
  #logEpoch = 0
  #room = Promise.withResolvers<void>()
  readonly #mapping: QueueMapping
  readonly #lowWatermark: number
  readonly #maxRecordBytes: number

  /** @param envelopeBytes the size of an event without records. */
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

  /** Twice the content of a batch is pending: fetching more would only take memory. */
  get isFull(): boolean {
    return this.#count >= 2 * this.#lowWatermark || this.#bytes >= 2 * MAX_PAYLOAD_BYTES
  }

  /** Less than a full batch is pending: a paused partition must be resumed, or its batch could not fill. */
  get isLow(): boolean {
    return this.#count < this.#lowWatermark && this.#bytes < MAX_PAYLOAD_BYTES
  }

  get #count(): number {
    return this.#pending.length + this.#reserved
  }

  get #bytes(): number {
    return this.#pendingBytes + this.#reservedBytes
  }

  /** Reserves room for fetched messages, in offset order. Call the returned function to append them once they are classified. */
  reserve(messages: readonly Message[]): (entries: readonly Entry[], nowMs: number) => void {
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
    const taken = this.#pending.splice(0, count)
    for (const record of taken) this.#pendingBytes -= record.memoryBytes
    if (!this.isFull) this.#room.resolve()
    return taken
  }

  get room(): Promise<void> {
    if (!this.isFull) return Promise.resolve()
    this.#room = Promise.withResolvers()
    return this.#room.promise
  }

  #append(entry: Entry, key: Buffer | null, packer: RecordPacker, arrivedAtMs: number): void {
    const { topic, open, destination } = this.#mapping
    const { message } = entry
    const offset = Number(message.offset)
    if (entry.fate === 'skip' && open.filteredRecords === 'not-counted') {
      this.#coverSkipped(offset, Number(message.timestamp), arrivedAtMs)
      return
    }
    const size = recordBytes(topic, this.partition, message, open.tombstone)
    const undeliverable = undeliverableReason(entry, size, this.#maxRecordBytes)
    this.#pending.push({
      offset,
      lastOffset: offset,
      // A record that is not sent takes nothing of the payload.
      eventBytes: undeliverable ? 0 : size,
      arrivedAtMs,
      packed: entry.fate === 'skip' ? undefined : packer.pack(message),
      timestampMs: Number(message.timestamp),
      // A copy: the original is a slice of the whole fetch.
      key: destination?.kind === 'kafka' && key ? Buffer.from(key) : null,
      memoryBytes: size,
      undeliverable,
    })
    this.#pendingBytes += size
  }

  /** Lets the last pending record cover a skipped one. Without a pending record, the skipped one becomes an entry of its own. */
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

  /** The topic was created again and its log starts anew: pending records of the old one from this offset on no longer exist. */
  #forgetFrom(offset: number): void {
    if (offset >= this.#nextOffset) return
    this.#logEpoch += 1
    this.#reserved = 0
    this.#reservedBytes = 0
    this.#pending = this.#pending.filter(record => record.offset < offset)
    this.#pendingBytes = this.#pending.reduce((sum, record) => sum + record.memoryBytes, 0)
  }
}

function memoryBytes({ key, value, headerList = [] }: Message): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0)
  for (const [name, of] of headerList) bytes += HEADER_BYTES + name.length + (of?.length ?? 0)
  return bytes
}

/** About what records take when they are packed. Room for skipped ones would be kept as long as one of the others waits. */
function packedBytes(entries: readonly Entry[]): number {
  let bytes = 0
  for (const { fate, message } of entries) if (fate !== 'skip') bytes += memoryBytes(message) + PACKED_BYTES
  return bytes
}

function undeliverableReason(entry: Entry, size: number, maxRecordBytes: number): Undeliverable | undefined {
  if (entry.fate === 'fail') return { condition: entry.reason, why: entry.why }
  const { oversizeBytes } = entry.message
  if (entry.fate === 'skip' || (oversizeBytes === undefined && size <= maxRecordBytes)) return undefined
  const taken =
    oversizeBytes === undefined ? `in an event it takes ${size}` : `in the log it has ${oversizeBytes}`
  const why = `${taken} bytes, more than the ${maxRecordBytes} that an invocation has room for`
  return { condition: 'MaximumPayloadSizeExceeded', why }
}
