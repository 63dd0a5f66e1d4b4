/** Computes the record keys of events that commands publish. Pure. */
import { type Event, formatEntity } from '#runtime/consumer'
import { schemaViolation } from '../../lib/app/data/schema-violation.ts'
import {
  computeRecordKey,
  type Families,
  type KeyStrategy,
  type ReadingData,
} from '../../lib/telemetry/index.ts'

/**
 * Returns the record key of an event: the extension `partitionkey` (CloudEvents extension "Partitioning"), the key of a reading, or
 * else the source and the subject. A reading that violates its schema may lack the fields for its key. It is still published by a
 * replay, so that consumers reject it.
 *
 * @param strategy key strategy of readings; by default, that of each family
 * @returns null for a reading with the strategy `random`
 */
export function computeEventKey(families: Families, event: Event, strategy?: KeyStrategy): string | null {
  const { type, data, extensions } = event
  if (extensions?.partitionkey) return extensions.partitionkey
  const family = families.findByType(type)
  if (family === undefined || schemaViolation(families, type, data) !== undefined) return formatEntity(event)
  return computeRecordKey(family, data as ReadingData, strategy, event)
}
