/** Lists the event types that data writers serialize, derived from the table of event types. */
import type { SerializedType } from '#runtime/consumer/index.ts'
import { BINARY_TYPES } from '../telemetry/event-types.ts'
import { findFamily } from '../telemetry/families.ts'
import { packagedSchema, schemaSubject } from './packaged-schemas.ts'

/** Event types whose data is written in the format that SERIALIZATION selects. The data of all other types is always JSON. */
export const SERIALIZED_TYPES: readonly SerializedType[] = BINARY_TYPES.map(type => {
  const name = findFamily(type)?.name
  return { type, ...(name ? { name } : {}) }
})

export const SERIALIZING = {
  serializedTypes: SERIALIZED_TYPES,
  packagedSchema,
  schemaSubjects: (...one: Parameters<typeof schemaSubject>): readonly string[] => [schemaSubject(...one)],
  remedies: { 'schema-not-registered': 'run `sluice schemas register`' },
} as const
