import type { Mapping } from '../config/mappings.ts'
import type { OpenChoices } from '../config/open-choices.ts'
import type { LambdaEvent } from './event.ts'
import { eventJson, recordJson } from './event-json.ts'
import { copyRecords, lengthOf, type PackedRecord, unpacked } from './packed-records.ts'

/** An event for a handler. */
export interface EventContent {
  /** Returns the JSON that Lambda sends. */
  json(): string
  /** Packed form for a thread of this process, which needs no JSON. */
  readonly packed?: PackedEvent
}

/** Parts of an event that the packed records lack. */
export interface EventHead {
  readonly eventSource: LambdaEvent['eventSource']
  readonly eventSourceArn: string | undefined
  readonly bootstrapServers: string
  readonly topic: string
  readonly tombstone: OpenChoices['tombstone']
  readonly parts: readonly (readonly [partition: number, count: number])[]
}

/** The records of an event, and its head. */
export interface PackedEvent {
  readonly head: EventHead
  readonly length: number
  /** `target` must have room for the length. */
  copyTo(target: Uint8Array): void
}

/** The event with these records, in offset order in each partition. Rules 7, 11. */
export class RecordsEvent implements EventContent, PackedEvent {
  readonly head: EventHead
  readonly #mapping: Pick<Mapping, 'kind' | 'topic' | 'eventSourceArn'>
  readonly #brokers: readonly string[]
  readonly #parts: readonly (readonly [partition: number, records: readonly PackedRecord[]])[]

  constructor(
    mapping: Pick<Mapping, 'kind' | 'topic' | 'eventSourceArn'> & {
      readonly open: Pick<OpenChoices, 'tombstone'>
    },
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
      tombstone: mapping.open.tombstone,
      parts: parts.map(([partition, records]) => [partition, records.length]),
    }
  }

  get packed(): PackedEvent {
    return this
  }

  get length(): number {
    return this.#parts.reduce((sum, [, records]) => sum + lengthOf(records), 0)
  }

  copyTo(target: Uint8Array): void {
    let at = 0
    for (const [, records] of this.#parts) at = copyRecords(records, target, at)
  }

  json(): string {
    const { topic, tombstone } = this.head
    return eventJson(
      this.#mapping,
      this.#brokers,
      this.#parts.map(([partition, records]) => [
        partition,
        records.map(record => recordJson(topic, partition, unpacked(record), tombstone)),
      ]),
    )
  }
}
