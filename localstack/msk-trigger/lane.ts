import type { Queue, Waiting } from './batching.ts'
import type { Message } from './event.ts'
import { MAX_PAYLOAD_BYTES, partitionBytes, recordBytes } from './event-size.ts'
import type { Mapping } from './mappings.ts'

/** A record that was read and waits for its batch. */
export interface LaneRecord extends Waiting {
  readonly message: Message
}

/**
 * One partition while it is ours: what was read of it and waits. Its records live here until they are committed, so
 * a batch is delivered again from memory and the consumer never has to go back.
 */
export class Lane implements Queue {
  readonly partition: number
  readonly eventBytes: number
  /** The partition was given away: what is still in flight must not be committed. */
  lost = false
  /** Fetching is paused, because enough waits. */
  paused = false
  #waiting: LaneRecord[] = []
  #waitingBytes = 0
  #nextOffset: number
  readonly #topic: string
  readonly #enough: number

  constructor(mapping: Pick<Mapping, 'topic' | 'batchSize'>, partition: number, nextOffset: number) {
    this.partition = partition
    this.eventBytes = partitionBytes(mapping.topic, partition)
    this.#topic = mapping.topic
    this.#nextOffset = nextOffset
    this.#enough = Math.max(mapping.batchSize, 2_500)
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
    return this.#waiting.length >= 2 * this.#enough || this.#waitingBytes >= 2 * MAX_PAYLOAD_BYTES
  }

  /** Less than a full batch waits: a lane that is not fetching must start again, or its batch could not fill. */
  get isHungry(): boolean {
    return this.#waiting.length < this.#enough && this.#waitingBytes < MAX_PAYLOAD_BYTES
  }

  /** Adds what was fetched, in offset order. */
  append(messages: readonly Message[], nowMs: number): void {
    const first = messages[0]
    const last = messages.at(-1)
    if (!first || !last) return
    this.#forgetFrom(Number(first.offset))
    for (const message of messages) {
      const eventBytes = recordBytes(this.#topic, this.partition, message)
      this.#waiting.push({ offset: Number(message.offset), eventBytes, arrivedAtMs: nowMs, message })
      this.#waitingBytes += eventBytes
    }
    this.#nextOffset = Number(last.offset) + 1
  }

  /** Removes and returns the first `count` records. */
  take(count: number): LaneRecord[] {
    const taken = this.#waiting.splice(0, count)
    for (const record of taken) this.#waitingBytes -= record.eventBytes
    return taken
  }

  /**
   * Reading went back: the log begins anew, because its topic was recreated. What waits of the old log from there on
   * no longer exists, and the order must hold.
   */
  #forgetFrom(offset: number): void {
    if (offset >= this.#nextOffset) return
    this.#waiting = this.#waiting.filter(record => record.offset < offset)
    this.#waitingBytes = this.#waiting.reduce((sum, record) => sum + record.eventBytes, 0)
  }
}
