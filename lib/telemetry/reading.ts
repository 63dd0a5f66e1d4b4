import type { Event } from '../runtime/consumer/event.ts'
import type { Family, KeyStrategy, ReadingData } from './families.ts'

/** A reading ready to be published: the event, and the record key that determines its partition. */
export interface KeyedEvent {
  readonly key: string | null
  readonly event: Event
}

/**
 * Makes the event of a reading. The caller provides the id, because only the caller knows which readings are the same.
 *
 * @param time RFC 3339
 */
export function reading(family: Family, id: string, time: string, data: ReadingData): Event {
  return {
    id,
    source: family.source(data),
    type: family.type,
    subject: family.subject(data),
    time,
    datacontenttype: 'application/json',
    dataschema: family.dataschema,
    data,
  }
}

/**
 * The record key of a reading. `random` means no key: the producer spreads such records evenly. The order within an entity
 * is lost, so no consumer with state can read them.
 */
export function keyOf(
  family: Family,
  data: ReadingData,
  strategy: KeyStrategy = family.keyedBy,
): string | null {
  return strategy === 'random' ? null : family.keys[strategy](data)
}
