/** All event types: those of the table, and the readings of the families. Pure. */
import {
  EVENT_FORMATS,
  EVENT_TYPES,
  type EventType,
  type EventTypeRow,
  JSON_ONLY,
} from '../schemas/event-types.ts'
import { FAMILIES, type Family } from './families.ts'
import { listFields } from './family-file.ts'
import { listFieldNumbers, toRecordName } from './family-schema.ts'

const ROWS: ReadonlyMap<string, EventTypeRow> = new Map([
  ...Object.values(FAMILIES).map(family => [family.type, toRow(family)] as const),
  ...Object.entries(EVENT_TYPES),
])

export const EVENT_TYPE_NAMES: readonly string[] = [...ROWS.keys()]

/** Types whose data can also be encoded as Avro or Protobuf. */
export const BINARY_TYPES: readonly string[] = [...ROWS].flatMap(([type, { formats }]) =>
  formats.length > 1 ? [type] : [],
)

/** Returns the row of a type, or undefined for a type that Sluice does not define. */
export function eventTypeRow(type: EventType): EventTypeRow
export function eventTypeRow(type: string): EventTypeRow | undefined
export function eventTypeRow(type: string): EventTypeRow | undefined {
  return ROWS.get(type)
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
