import { type Event, type EventData, type Failure, failure } from '#runtime/consumer'
import { type InOwnUnits, inOwnUnits } from '../../telemetry/convert-units.ts'
import type { Families } from '../../telemetry/families.ts'
import { schemaViolation } from './schema-violation.ts'

/**
 * Returns the function that checks the data of an event against the schema of its type, and returns it. Readings are first converted
 * to the units of their family.
 */
export function createDataCheck(families: Families) {
  return ({ type, data, datacontenttype }: Event): EventData | Failure => {
    const family = families.findByType(type)
    const converted: InOwnUnits = family ? inOwnUnits(family, data) : { kind: 'data', data }
    if (converted.kind === 'failure') return converted
    const violation = schemaViolation(families, type, converted.data, datacontenttype)
    if (!violation) return converted
    const from = converted.from ? ` (converted from ${converted.from})` : ''
    return failure('schema-violated', `${violation}${from}`)
  }
}
