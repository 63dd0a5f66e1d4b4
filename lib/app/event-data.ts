import { type Event, type EventData, type Failure, failure } from '#runtime/consumer/index.ts'
import { type InOwnUnits, inOwnUnits } from '../telemetry/convert-units.ts'
import { findFamily } from '../telemetry/families.ts'
import { schemaViolation } from './schemas.ts'

/**
 * Returns the data of an event, checked against the schema of its type. Readings are first converted to the units of their family.
 */
export function readData({ type, data, datacontenttype }: Event): EventData | Failure {
  const family = findFamily(type)
  const converted: InOwnUnits = family ? inOwnUnits(family, data) : { kind: 'data', data }
  if (converted.kind === 'failure') return converted
  const violation = schemaViolation(type, converted.data, datacontenttype)
  if (!violation) return converted
  const from = converted.from ? ` (converted from ${converted.from})` : ''
  return failure('schema-violated', `${violation}${from}`)
}
