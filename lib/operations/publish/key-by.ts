/** Record keys by a strategy that a person has chosen. */

import { type Event, entityOf } from '../../../packages/runtime/consumer/event.ts'
import { schemaViolation } from '../../app/schemas.ts'
import { familyOf, type ReadingData } from '../../telemetry/families.ts'
import { fieldKey, KeyFieldMissing, type KeyStrategy } from '../../telemetry/key.ts'
import { keyOf } from '../../telemetry/reading.ts'

/**
 * The record key of an event by a strategy; null for `random`. Events of no family have their entity as instance, type and tenant.
 *
 * @returns undefined if the event does not have the field and need not have it, or is not a reading and the field is that of the setting
 * @throws KeyFieldMissing if it must have it
 */
export function keyBy(event: Event, strategy: KeyStrategy): string | null | undefined {
  const family = familyOf(event.type)
  if (typeof strategy === 'object') {
    // The setting is for readings: an alert may have a field of the same name, and its key says which alert it is.
    if (strategy.isOptional && family === undefined) return undefined
    const key = fieldKey(event.data, strategy.field)
    if (key === undefined && !strategy.isOptional) throw new KeyFieldMissing(strategy.field)
    return key
  }
  if (strategy === 'random') return null
  // A reading that violates its schema may lack the fields of its key.
  if (family === undefined || schemaViolation(event.type, event.data) !== undefined) return entityOf(event)
  return keyOf(family, event.data as ReadingData, strategy)
}

/**
 * The event with the extension `partitionkey`, from which `sluice replay` and `sluice publish` take the record key: a stream has no
 * keys of its own. `random` takes the id, which no other event has. An event without an optional field stays as it is.
 *
 * Source: CloudEvents extension "Partitioning".
 *
 * @throws KeyFieldMissing if the event has not a field that it must have
 */
export function withKey(event: Event, strategy: KeyStrategy): Event {
  const key = keyBy(event, strategy)
  return key === undefined
    ? event
    : { ...event, extensions: { ...event.extensions, partitionkey: key ?? event.id } }
}
