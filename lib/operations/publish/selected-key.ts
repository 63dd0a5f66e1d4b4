/** Computes record keys by a strategy that the user has selected. */

import { type Event, formatEntity } from '#runtime/consumer/index.ts'
import { schemaViolation } from '../../app/schemas.ts'
import { findFamily, type ReadingData } from '../../telemetry/families.ts'
import { fieldKey, KeyFieldMissing, type KeyStrategy } from '../../telemetry/key.ts'
import { computeRecordKey } from '../../telemetry/reading.ts'

/**
 * Returns the record key of an event; null for the strategy `random`. For an event that is not a reading, the strategies
 * `instance`, `type` and `tenant` return the entity.
 *
 * @returns undefined if an optional field is missing, or if an optional field is requested for an event that is not a reading
 * @throws KeyFieldMissing if a required field is missing
 */
export function computeSelectedKey(event: Event, strategy: KeyStrategy): string | null | undefined {
  const family = findFamily(event.type)
  if (typeof strategy === 'object') {
    // The setting applies only to readings. An alert may have a field with the same name, but its key must identify the alert.
    if (strategy.isOptional && family === undefined) return undefined
    const key = fieldKey(event.data, strategy.field)
    if (key === undefined && !strategy.isOptional) throw new KeyFieldMissing(strategy.field)
    return key
  }
  if (strategy === 'random') return null
  // A reading that violates its schema may lack the fields for its key.
  if (family === undefined || schemaViolation(event.type, event.data) !== undefined)
    return formatEntity(event)
  return computeRecordKey(family, event.data as ReadingData, strategy)
}

/**
 * Adds the record key to an event, as the extension `partitionkey` (CloudEvents extension "Partitioning"). `sluice import`
 * uses it, because events in a stream have no record keys. For `random`, the value is the event id, which is
 * unique. If an optional field is missing, the event is returned unchanged.
 *
 * @throws KeyFieldMissing if a required field is missing
 */
export function addSelectedKey(event: Event, strategy: KeyStrategy): Event {
  const key = computeSelectedKey(event, strategy)
  return key === undefined
    ? event
    : { ...event, extensions: { ...event.extensions, partitionkey: key ?? event.id } }
}
