/** Which subjects of a registry belong to the schemas that ship. Pure. */
import {
  type AnySchemaFormat,
  SCHEMA_FORMATS,
  SUBJECT_STRATEGIES,
  schemaSubject,
} from '../../../lib/app/packaged-schemas.ts'
import { SERIALIZED_TYPES } from '../../../lib/app/serialized-types.ts'

export interface ShippedSubject {
  /** Of the events whose data it describes. */
  readonly type: string
  readonly format: AnySchemaFormat
}

/** By the name of the subject, whichever way of naming subjects was chosen. */
export function shippedSubjects(env: string): ReadonlyMap<string, ShippedSubject> {
  return new Map(
    SERIALIZED_TYPES.flatMap(({ type }) =>
      SCHEMA_FORMATS.flatMap(format =>
        SUBJECT_STRATEGIES.map(
          strategy => [schemaSubject(type, format, env, strategy), { type, format }] as const,
        ),
      ),
    ),
  )
}
