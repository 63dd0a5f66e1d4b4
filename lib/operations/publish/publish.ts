/** Publishes single events and reports their positions. */

import type { TopicPublisher } from '../../../packages/runtime/adapters/kafka/produce-types.ts'
import { requestsOf } from '../../../packages/runtime/adapters/kafka/requests.ts'
import type { DataWriter } from '../../../packages/runtime/cloudevents/data-writer.ts'
import { type OutgoingRecord, sizeOf } from '../../../packages/runtime/cloudevents/record.ts'
import { type ContentMode, producedRecord } from '../../../packages/runtime/cloudevents/writer.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import { partitionOf } from '../../../packages/runtime/consumer/murmur2.ts'
import type { KeyStrategy } from '../../telemetry/key.ts'
import { eventKey } from './key.ts'
import { keyBy as keyOfEvent } from './key-by.ts'

/** Report about each event. */
export interface PublishedEvent {
  readonly id: string
  readonly topic: string
  readonly partition: number
  /** Null if it was not published. */
  readonly offset: number | null
  readonly key: string
}

/** How events become records of a topic. */
export interface Placing {
  /** Whole name. */
  readonly topic: string
  /** How many the topic has. */
  readonly partitions: number
  /** The key of all events. */
  readonly key?: string | undefined
  /** How each event is keyed, as asked for. */
  readonly keyBy?: KeyStrategy | undefined
  /** How each event is keyed, as the settings say: what the event itself says comes before it. */
  readonly keyBySetting?: KeyStrategy | undefined
  readonly contentMode: ContentMode
  readonly writer: DataWriter
}

/** An event as the record that carries it. */
export type PlacedEvent = OutgoingRecord &
  Omit<PublishedEvent, 'key' | 'offset'> & { readonly keyText: string }

/** @throws KeyFieldMissing if the event lacks the field that is asked for as its key; what `DataWriter.write` throws */
export function placed(event: Event, placing: Placing): PlacedEvent {
  const { topic, partitions, key, keyBy, keyBySetting, contentMode, writer } = placing
  const keyText = key ?? keyAsAsked(event, keyBy) ?? keyAsSet(event, keyBySetting) ?? eventKey(event)
  const partition = partitionOf(Buffer.from(keyText), partitions)
  const record = producedRecord(topic, keyText, writer.write(event), contentMode)
  return { ...record, id: event.id, topic, partition, keyText }
}

/** `random` takes the id, which no other event has. */
function keyAsAsked(event: Event, strategy: KeyStrategy | undefined): string | undefined {
  return strategy && (keyOfEvent(event, strategy) ?? event.id)
}

function keyAsSet(event: Event, strategy: KeyStrategy | undefined): string | undefined {
  return strategy && !event.extensions?.partitionkey ? (keyOfEvent(event, strategy) ?? undefined) : undefined
}

/** Published together. Kafka applies a topic's limit of 1 MiB to all records of a partition in a request. */
const LIMITS = { items: 500, bytes: 512 * 1024 } as const

/**
 * Appends the events in their order, some at a time: if that fails, none of later ones is written.
 *
 * @param published grows with what is acknowledged
 * @throws as `Publisher.publish` does
 */
export async function appendPlaced(
  publisher: Pick<TopicPublisher, 'publish'>,
  events: readonly PlacedEvent[],
  published: PublishedEvent[],
): Promise<void> {
  for (const some of requestsOf(events, sizeOf, LIMITS))
    for (const offset of await publisher.publish(some))
      published.push(told(events[published.length] as PlacedEvent, offset))
}

/** @param offset null if it was not published */
export function told({ id, topic, partition, keyText }: PlacedEvent, offset: number | null): PublishedEvent {
  return { id, topic, partition, offset, key: keyText }
}
