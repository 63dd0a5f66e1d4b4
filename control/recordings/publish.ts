/** Publishes single events, and reports their positions in the log. */

import {
  type ContentMode,
  type DataWriter,
  estimateSize,
  type OutgoingRecord,
  toOutgoingRecord,
} from '#runtime/cloudevents'
import { computePartition, type Event } from '#runtime/consumer'
import { splitIntoRequests, type TopicPublisher } from '#runtime/operating/kafka'
import { withoutOrigin } from '#runtime/pipeline'
import type { Families, KeyStrategy } from '../../lib/telemetry/index.ts'
import { computeEventKey } from './event-key.ts'

/** Report about a published event. */
export interface PublishedEvent {
  readonly id: string
  readonly topic: string
  readonly partition: number
  /** Offset of the record; null if the event was not published. */
  readonly offset: number | null
  /** Record key; null for a record without a key. */
  readonly key: string | null
}

/** Properties that determine how an event is converted to a record. */
export interface Placing {
  /** Full name of the topic. */
  readonly topic: string
  /** Partition count of the topic. */
  readonly partitions: number
  /** Record key for all events. */
  readonly key?: string | undefined
  /** Key strategy in the settings. Keys in the events take precedence over it. */
  readonly keyBy?: KeyStrategy | undefined
  readonly contentMode: ContentMode
  readonly writer: DataWriter
}

/** Record of an event, with the properties that are reported. */
export type PlacedEvent = OutgoingRecord &
  Omit<PublishedEvent, 'key' | 'offset'> & { readonly keyText: string | null }

/**
 * Converts an event to a record.
 *
 * @throws errors of `DataWriter.write`
 */
export function placeEvent(families: Families, event: Event, placing: Placing): PlacedEvent {
  const { topic, partitions, key, keyBy, contentMode, writer } = placing
  const keyText = key ?? computeEventKey(families, event, keyBy) ?? event.id
  const partition = computePartition(Buffer.from(keyText), partitions)
  const record = toOutgoingRecord(topic, keyText, writer.write(withoutOrigin(event)), contentMode)
  return { ...record, id: event.id, topic, partition, keyText }
}

/**
 * Converts a document for an input to a record that contains it unchanged. Without a key, consecutive lines go to consecutive
 * partitions.
 */
export function placeDocument(
  { line, text }: { readonly line: number; readonly text: string },
  { topic, partitions, key }: Pick<Placing, 'topic' | 'partitions' | 'key'>,
): PlacedEvent {
  const keyBytes = key === undefined ? null : Buffer.from(key)
  const partition = keyBytes ? computePartition(keyBytes, partitions) : line % partitions
  const record = { key: keyBytes, value: Buffer.from(text), headers: [] }
  return { ...record, id: `line ${line}`, topic, partition, keyText: key ?? null }
}

/** Maximum size of a request. Kafka applies the topic's limit of 1 MiB to all records of a partition in a request. */
const LIMITS = { items: 500, bytes: 512 * 1024 } as const

/**
 * Appends events in their order, in several requests. If a request fails, no later events are written.
 *
 * @param published list to which acknowledged events are added
 * @throws see `Publisher.publish`
 */
export async function appendEvents(
  publisher: Pick<TopicPublisher, 'publish'>,
  events: readonly PlacedEvent[],
  published: PublishedEvent[],
): Promise<void> {
  for (const some of splitIntoRequests(events, estimateSize, LIMITS))
    for (const offset of await publisher.publish(some))
      published.push(toPublishedEvent(events[published.length] as PlacedEvent, offset))
}

/**
 * Returns the report about an event.
 *
 * @param offset offset of the record; null if the event was not published
 */
export function toPublishedEvent(
  { id, topic, partition, keyText }: PlacedEvent,
  offset: number | null,
): PublishedEvent {
  return { id, topic, partition, offset, key: keyText }
}
