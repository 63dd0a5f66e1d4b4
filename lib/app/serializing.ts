import { packagedSchema, schemaSubjects } from './packaged-schemas.ts'
import { SERIALIZED_TYPES } from './serialized-types.ts'

/** The part of the application that writing needs. */
export const SERIALIZING = {
  serializedTypes: SERIALIZED_TYPES,
  packagedSchema,
  schemaSubjects,
  remedies: { 'schema-not-registered': 'run `sluice schemas register`' },
} as const
