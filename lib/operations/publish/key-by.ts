/** Record keys by a strategy that the user selects. */

import { type Event, entityOf } from '../../../packages/runtime/consumer/event.ts'
import { schemaViolation } from '../../app/schemas.ts'
import { familyOf, type ReadingData } from '../../telemetry/families.ts'
import { fieldKey, KeyFieldMissing, type KeyStrategy } from '../../telemetry/key.ts'
import { keyOf } from '../../telemetry/reading.ts'

/**
 * Returns the record key of an event by a strategy; null for `random`. For an event without a family, instance, type and tenant are
 * its entity.
 *
 * @returns undefined if an optional field is missing, or if the event is not a reading and the strategy is that of the setting
 * @throws KeyFieldMissing if a required field is missing
 */
export function keyBy(event: Event, strategy: KeyStrategy): string | null | undefined {
  const family = familyOf(event.type)
  if (typeof strategy === 'object') {
    // The setting applies only to readings. An alert may have a field of the same name, but its key must identify the alert.
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
 * Returns the event with the extension `partitionkey`, from which `sluice replay` and `sluice publish` take the record key, because
 * a stream of events has no record keys. For `random`, the value is the id of the event, which is unique. An event without an
 * optional field is returned unchanged. Source: CloudEvents extension "Partitioning".
 *
 * @throws KeyFieldMissing if a required field is missing
 */
export function withKey(event: Event, strategy: KeyStrategy): Event {
  const key = keyBy(event, strategy)
  return key === undefined
    ? event
    : { ...event, extensions: { ...event.extensions, partitionkey: key ?? event.id } }
}
