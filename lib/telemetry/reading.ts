import type { Event } from '../../packages/runtime/consumer/event.ts'
import type { Family, ReadingData } from './families.ts'
import { fieldKey, KeyFieldMissing, type KeyStrategy } from './key.ts'

/** Reading that is ready to be published: the event, and the record key that determines its partition. */
export interface KeyedEvent {
  readonly key: string | null
  readonly event: Event
}

/**
 * Returns the event of a reading. The caller provides the id, because only the caller knows which readings are the same.
 *
 * @param time event time, RFC 3339; undefined if the reading has none, so that the time of its record applies
 */
export function reading(family: Family, id: string, time: string | undefined, data: ReadingData): Event {
  return {
    id,
    source: family.source(data),
    type: family.type,
    subject: family.subject(data),
    ...(time === undefined ? {} : { time }),
    datacontenttype: 'application/json',
    dataschema: family.dataschema,
    data,
  }
}

/**
 * Returns the record key of a reading. For `random` there is no key: the producer distributes such records
 * evenly. The order within an entity is lost, so consumers with state cannot read them.
 *
 * @throws KeyFieldMissing if the strategy requires a field that is missing
 */
export function keyOf(
  family: Family,
  data: ReadingData,
  strategy: KeyStrategy = family.keyedBy,
): string | null {
  if (strategy === 'random') return null
  if (typeof strategy === 'string') return family.keys[strategy](data)
  const key = fieldKey(data, strategy.field)
  if (key !== undefined) return key
  if (strategy.isOptional) return keyOf(family, data)
  throw new KeyFieldMissing(strategy.field)
}
