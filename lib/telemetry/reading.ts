import { type Event, fieldKey } from '#runtime/consumer'
import type { Family, ReadingData } from './families.ts'
import type { KeyStrategy } from './key.ts'

/**
 * Returns the event of a reading. The caller must provide the id, because only the caller knows whether two readings are the same.
 *
 * @param time event time, RFC 3339; if undefined, the time of the record applies
 */
export function createReading(
  family: Family,
  id: string,
  time: string | undefined,
  data: ReadingData,
): Event {
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
 * Returns the record key of a reading. With the strategy `random`, the key is null, and the producer distributes the records
 * evenly. The readings of an entity are then not in order, so consumers with state cannot read them.
 *
 * @param sent event of the reading, if its producer can have chosen the entity
 */
export function computeRecordKey(
  family: Family,
  data: ReadingData,
  strategy: KeyStrategy = family.keyedBy,
  sent?: Pick<Event, 'source' | 'subject'>,
): string | null {
  if (strategy === 'random') return null
  if (typeof strategy === 'object')
    return fieldKey(data, strategy.field) ?? computeRecordKey(family, data, undefined, sent)
  const isSent = sent !== undefined && family.isOfEvent && strategy !== 'tenant'
  if (!isSent || family.file.keys?.[strategy] !== undefined) return family.keys[strategy](data)
  return strategy === 'instance' ? (sent.subject ?? sent.source) : sent.source
}
