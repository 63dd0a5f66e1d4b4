/** Lists the event types that data writers serialize, derived from the table of event types. */
import type { SerializedType } from '#runtime/consumer'
import { listBinaryTypes } from '../../telemetry/event-types.ts'
import type { Families } from '../../telemetry/families.ts'
import type { Vocabulary } from '../naming/names.ts'
import { findPackagedSchema, schemaSubject } from './packaged-schemas.ts'

/** Returns the event types whose data is written in the format that SERIALIZATION selects. The data of all other types is always JSON. */
export function listSerializedTypes(families: Families): readonly SerializedType[] {
  return listBinaryTypes(families).map(type => {
    const name = families.findByType(type)?.name
    return { type, ...(name ? { name } : {}) }
  })
}

export const SERIALIZING_REMEDIES = { 'schema-not-registered': 'run `sluice schemas register`' } as const

/** Returns the part of the application by which data is written. */
export function createSerializing(vocabulary: Vocabulary) {
  const { families } = vocabulary
  return {
    serializedTypes: listSerializedTypes(families),
    packagedSchema: (...[type, format]: DropFirst<typeof findPackagedSchema>) =>
      findPackagedSchema(families, type, format),
    schemaSubjects: (...args: DropFirst<typeof schemaSubject>): readonly string[] => [
      schemaSubject(vocabulary, ...args),
    ],
    remedies: SERIALIZING_REMEDIES,
  }
}

type DropFirst<Call extends (...given: never) => unknown> =
  Parameters<Call> extends [unknown, ...infer Rest] ? Rest : never
