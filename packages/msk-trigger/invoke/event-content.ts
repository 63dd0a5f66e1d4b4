import type { Mapping } from '../config/mappings.ts'
import type { LambdaEvent } from './event.ts'
import { eventJson, recordJson } from './event-json.ts'
import { copyRecords, countBytes, type PackedRecord, unpack } from './packed-records.ts'

/** An event for a handler. */
export interface EventContent {
  /** Returns the event as the JSON that Lambda sends. */
  json(): string
  /** Packed form of the event for a thread of this process, which can use it instead of JSON. */
  readonly packedEvent?: PackedEvent
}

/** Fields of an event that are not part of the packed records. */
export interface EventHead {
  readonly eventSource: LambdaEvent['eventSource']
  readonly eventSourceArn: string | undefined
  readonly bootstrapServers: string
  readonly topic: string
  readonly parts: readonly (readonly [partition: number, count: number])[]
}

/** Packed records of an event, with the remaining fields. */
export interface PackedEvent {
  readonly head: EventHead
  readonly length: number
  /** Copies the packed records to `target`, which must be at least `length` bytes long. */
  copyTo(target: Uint8Array): void
}

/**
 * Event with these records. Within each partition, they must be in the order of their offsets. See rules 7 and 11 in `RULES.md`.
 */
export class RecordsEvent implements EventContent, PackedEvent {
  readonly head: EventHead
  readonly #mapping: Pick<Mapping, 'kind' | 'topic' | 'eventSourceArn'>
  readonly #brokers: readonly string[]
  readonly #parts: readonly (readonly [partition: number, records: readonly PackedRecord[]])[]

  constructor(
    mapping: Pick<Mapping, 'kind' | 'topic' | 'eventSourceArn'>,
    brokers: readonly string[],
    parts: readonly (readonly [partition: number, records: readonly PackedRecord[]])[],
  ) {
    this.#mapping = mapping
    this.#brokers = brokers
    this.#parts = parts
    this.head = {
      eventSource: mapping.kind === 'msk' ? 'aws:kafka' : 'SelfManagedKafka',
      eventSourceArn: mapping.eventSourceArn,
      bootstrapServers: brokers.join(','),
      topic: mapping.topic,
      parts: parts.map(([partition, records]) => [partition, records.length]),
    }
  }

  get packedEvent(): PackedEvent {
    return this
  }

  get length(): number {
    return this.#parts.reduce((sum, [, records]) => sum + countBytes(records), 0)
  }

  copyTo(target: Uint8Array): void {
    let at = 0
    for (const [, records] of this.#parts) at = copyRecords(records, target, at)
  }

  json(): string {
    const { topic } = this.head
    return eventJson(
      this.#mapping,
      this.#brokers,
      this.#parts.map(([partition, records]) => [
        partition,
        records.map(record => recordJson(topic, partition, unpack(record))),
      ]),
    )
  }
}
