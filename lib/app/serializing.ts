/** The part of the application that writing needs, by the table of event types. */
import type { SerializedType } from '../../packages/runtime/consumer/serialization.ts'
import { BINARY_TYPES } from '../event-types.ts'
import { familyOf } from '../telemetry/families.ts'
import { packagedSchema, schemaSubjects } from './packaged-schemas.ts'

/** The event types whose data is written as SERIALIZATION says. All others are JSON always. */
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
