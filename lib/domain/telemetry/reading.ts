import type { Event } from '../event.ts'
import type { Family, KeyStrategy, ReadingData } from './families.ts'

/** A reading ready to be published: the event, and the key that decides its partition. */
export interface KeyedEvent {
  readonly key: string | null
  readonly event: Event
}

/**
 * Makes the event of a reading. The id is the caller's, because only he knows what makes two readings the same one.
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
 * The record key of a reading. `random` is no key at all: the producer spreads such records evenly, which gives up the
 * order of an entity, and with it every consumer with state.
 */
export function keyOf(
  family: Family,
  data: ReadingData,
  strategy: KeyStrategy = family.keyedBy,
): string | null {
  return strategy === 'random' ? null : family.keys[strategy](data)
}
