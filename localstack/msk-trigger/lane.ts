import type { Queue, Waiting } from './batching.ts'
import { type LambdaRecord, lambdaRecord, type Message } from './event.ts'
import { MAX_PAYLOAD_BYTES, partitionBytes, recordBytes } from './event-size.ts'
import type { Entry } from './intake.ts'
import type { Mapping } from './mappings.ts'

/** Why a record is never sent to the function: `condition` is what its destination is told. Rules 9, 15. */
interface Refusal {
  readonly condition: 'MaximumPayloadSizeExceeded' | 'SCHEMA_NOT_FOUND' | 'DESERIALIZATION_ERROR'
  readonly why: string
}

/** A record that was read and waits for its batch. It is converted at once: what kafkajs read it from is large. */
export interface LaneRecord extends Waiting {
  /** The last offset that is passed with it: filtered records behind it take no place of their own. Rule 39. */
  through: number
  /** As it is delivered; undefined for what a filter keeps from the function. */
  readonly record: LambdaRecord | undefined
  /** The key as it was read, for a destination that reuses it. Rule 43. */
  readonly key: Buffer | null
  /** What it takes here, about, whether it is sent or not. */
  readonly heldBytes: number
  readonly refused: Refusal | undefined
}

export type LaneMapping = Pick<Mapping, 'topic' | 'batchSize' | 'open' | 'destination'>

/** Few, so that most records are gone before they are moved to where the memory of old objects is. */
const LEAST_RECORDS = 500

/**
 * One partition while it is ours: what was read of it and waits. Its records live here until they are committed, so
 * a batch is delivered again from memory and the consumer never has to go back.
 */
export class Lane implements Queue {
  readonly partition: number
  readonly eventBytes: number
  /** The partition was given away: what is still in flight must not be committed. */
  lost = false
  #waiting: LaneRecord[] = []
  #waitingBytes = 0
  #nextOffset: number
  /** Fetched, and not yet taken in. */
  #expected = 0
  #expectedBytes = 0
  /** Counts how often reading went back. */
  #log = 0
  #room = Promise.withResolvers<void>()
  readonly #mapping: LaneMapping
  readonly #enough: number
  readonly #mostBytes: number

  /** @param envelopeBytes what an event without records takes. */
  constructor(mapping: LaneMapping, partition: number, nextOffset: number, envelopeBytes = 0) {
    this.partition = partition
    this.eventBytes = partitionBytes(mapping.topic, partition)
    this.#mapping = mapping
    this.#nextOffset = nextOffset
    this.#enough = Math.max(mapping.batchSize, LEAST_RECORDS)
    this.#mostBytes = MAX_PAYLOAD_BYTES - envelopeBytes - this.eventBytes
  }

  get waiting(): readonly LaneRecord[] {
    return this.#waiting
  }

  /** The offset to read next. */
  get nextOffset(): number {
    return this.#nextOffset
  }

  /** Twice what a batch can hold waits: fetching more would only take memory. */
  get isFull(): boolean {
    return this.#count >= 2 * this.#enough || this.#bytes >= 2 * MAX_PAYLOAD_BYTES
  }

  /** Less than a full batch waits: a lane that is not fetching must start again, or its batch could not fill. */
  get isHungry(): boolean {
    return this.#count < this.#enough && this.#bytes < MAX_PAYLOAD_BYTES
  }

  get #count(): number {
    return this.#waiting.length + this.#expected
  }

  get #bytes(): number {
    return this.#waitingBytes + this.#expectedBytes
  }

  /** Notes what was fetched, in offset order. Returns what takes it in, once it is known what becomes of each. */
  expect(messages: readonly Message[]): (entries: readonly Entry[], nowMs: number) => void {
    this.#forgetFrom(Number(messages[0]?.offset ?? this.#nextOffset))
    this.#nextOffset = Number(messages.at(-1)?.offset ?? this.#nextOffset - 1) + 1
    const bytes = messages.reduce((sum, { value }) => sum + (value?.length ?? 0), 0)
    this.#expected += messages.length
    this.#expectedBytes += bytes
    const log = this.#log
    return (entries, nowMs) => {
      if (log !== this.#log) return
      this.#expected -= messages.length
      this.#expectedBytes -= bytes
      let n = 0
      for (const entry of entries) this.#append(entry, messages[n++]?.key ?? null, nowMs)
    }
  }

  /** Removes and returns the first `count` records. */
  take(count: number): LaneRecord[] {
    const taken = this.#waiting.splice(0, count)
    for (const record of taken) this.#waitingBytes -= record.heldBytes
    if (!this.isFull) this.#room.resolve()
    return taken
  }

  /** Resolves when it is no longer full. */
  get room(): Promise<void> {
    if (!this.isFull) return Promise.resolve()
    this.#room = Promise.withResolvers()
    return this.#room.promise
  }

  #append(entry: Entry, key: Buffer | null, arrivedAtMs: number): void {
    const { topic, open, destination } = this.#mapping
    const { message } = entry
    const offset = Number(message.offset)
    if (entry.fate === 'discard' && open.filteredRecords === 'not-counted') {
      this.#pass(offset, arrivedAtMs)
      return
    }
    const size = recordBytes(topic, this.partition, message, open.tombstone)
    const refused = refusal(entry, size, this.#mostBytes)
    this.#waiting.push({
      offset,
      through: offset,
      // What is not sent takes no part of a payload.
      eventBytes: refused ? 0 : size,
      arrivedAtMs,
      record:
        entry.fate === 'discard' ? undefined : lambdaRecord(topic, this.partition, message, open.tombstone),
      // A copy: the original is a part of all that was fetched with it.
      key: destination?.kind === 'kafka' && key ? Buffer.from(key) : null,
      heldBytes: size,
      refused,
    })
    this.#waitingBytes += size
  }

  /** Passes a filtered record with the one before it; where none waits, it is the next to be passed. */
  #pass(offset: number, arrivedAtMs: number): void {
    const last = this.#waiting.at(-1)
    if (last) last.through = offset
    else {
      const nothing = { eventBytes: 0, record: undefined, key: null, heldBytes: 0, refused: undefined }
      this.#waiting.push({ offset, through: offset, arrivedAtMs, ...nothing })
    }
  }

  /**
   * Reading went back: the log begins anew, because its topic was recreated. What waits of the old log from there on
   * no longer exists, and the order must hold.
   */
  #forgetFrom(offset: number): void {
    if (offset >= this.#nextOffset) return
    this.#log += 1
    this.#expected = 0
    this.#expectedBytes = 0
    this.#waiting = this.#waiting.filter(record => record.offset < offset)
    this.#waitingBytes = this.#waiting.reduce((sum, record) => sum + record.heldBytes, 0)
  }
}

function refusal(entry: Entry, size: number, mostBytes: number): Refusal | undefined {
  if (entry.fate === 'fail') return { condition: entry.reason, why: entry.why }
  if (entry.fate === 'discard' || size <= mostBytes) return undefined
  const why = `in an event it takes ${size} bytes, more than the ${mostBytes} that an invocation has room for`
  return { condition: 'MaximumPayloadSizeExceeded', why }
}
