/** All event types: those of the table, and the readings of the families. Pure. */
import { EVENT_FORMATS, EVENT_TYPES, type EventTypeRow, JSON_ONLY } from '../schemas/event-types.ts'
import type { Families, Family } from './families.ts'
import { listFields } from './family-file.ts'
import { listFieldNumbers, toRecordName } from './family-schema.ts'

/** Event types with their rows: those of the readings, and then all others. */
export type EventTypes = ReadonlyMap<string, EventTypeRow>

/** Returns all event types that a program with these families knows. */
export function listEventTypes(families: Families): EventTypes {
  return new Map([
    ...families.all.map(family => [family.type, toRow(family)] as const),
    ...Object.entries(EVENT_TYPES),
  ])
}

/** Returns the types whose data can also be encoded as Avro or Protobuf. */
export function listBinaryTypes(families: Families): readonly string[] {
  return [...listEventTypes(families)].flatMap(([type, { formats }]) => (formats.length > 1 ? [type] : []))
}

/**
 * Returns the row of a family's readings. Metrics of any name have no fields in Avro and Protobuf, and Protobuf's names come back in
 * camel case, so readings with other names are always JSON.
 */
function toRow({ type, others, file }: Family): EventTypeRow {
  const numbers = listFieldNumbers(file)
  const names = [...Object.keys(numbers), ...[...listFields(file).keys()].flatMap(path => path.split('.'))]
  return {
    record: toRecordName(type),
    topic: 'readings',
    label: 'Reading',
    formats: others || !names.every(name => /^[a-z][A-Za-z0-9]*$/.test(name)) ? JSON_ONLY : EVENT_FORMATS,
    binary: { numbers },
  }
}
