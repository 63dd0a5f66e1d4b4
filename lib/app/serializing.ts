/** Part of the application that writers need, derived from the table of event types. */
import type { SerializedType } from '../../packages/runtime/consumer/serialization.ts'
import { BINARY_TYPES } from '../event-types.ts'
import { familyOf } from '../telemetry/families.ts'
import { packagedSchema, schemaSubjects } from './packaged-schemas.ts'

/** Event types whose data is written in the format that SERIALIZATION selects. All other types are always JSON. */
export const SERIALIZED_TYPES: readonly SerializedType[] = BINARY_TYPES.map(type => {
  const name = familyOf(type)?.name
  return { type, ...(name ? { name } : {}) }
})

export const SERIALIZING = {
  serializedTypes: SERIALIZED_TYPES,
  packagedSchema,
  schemaSubjects,
  remedies: { 'schema-not-registered': 'run `sluice schemas register`' },
} as const
