/** Converts readings to the units of their family. Pure. */

import { type EventData, type Failure, failure } from '#runtime/consumer/index.ts'
import { isObject } from '../support/json.ts'
import type { Family, ReadingData } from './families.ts'
import { findMetricUnit } from './metric-names.ts'
import { findConversion, unitNamed } from './unit-table.ts'

/** Data of an event in the units of its family, or the reason why it cannot be converted. */
export type InOwnUnits =
  | (EventData & {
      /** Original unit of the converted metrics, with the name that it has in the table of units. */
      readonly from?: string
    })
  | Failure

/**
 * Converts the metrics of a reading to the units of its family. `unit` applies to all metrics of the reading that have the same
 * dimension, and to no other metrics. It is removed from the converted data. The bounds in a schema are in the family's units, so
 * data must be validated after this step. Data that is not a reading is returned unchanged.
 */
export function inOwnUnits(family: Family, data: unknown): InOwnUnits {
  if (!isReadingData(data) || typeof data.unit !== 'string' || data.unit === '') return { kind: 'data', data }
  const { unit, ...converted } = data
  const present = [...new Set([...Object.keys(family.metrics), ...Object.keys(data)])].flatMap(name => {
    const own = Object.hasOwn(data, name) ? findMetricUnit(family, name) : undefined
    return own === undefined ? [] : [[name, own] as const]
  })
  const fitting = present.flatMap(([metric, own]) => {
    const convert = findConversion(own, data.unit as string)
    return convert ? [{ metric, convert }] : []
  })
  // A reading without metrics violates its schema, and the error message of the schema is more useful.
  if (present.length === 0) return { kind: 'data', data }
  if (fitting.length === 0) return unitMismatch(data.unit, present)
  for (const { metric, convert } of fitting) {
    const value = data[metric]
    if (typeof value === 'number') converted[metric] = convert(value)
  }
  const from = unitNamed(data.unit)
  return { kind: 'data', data: converted, ...(from === undefined ? {} : { from }) }
}

/** Units that have no symbol, in words. */
const DESCRIBED: Readonly<Record<string, string>> = { '1': 'a count', '': 'without a unit' }

/**
 * Returns the failure for a unit that cannot be converted. The message contains the unit only if it is in the table of units.
 * Otherwise the unit is arbitrary text from the producer.
 */
function unitMismatch(unit: string, metrics: readonly (readonly [metric: string, own: string])[]): Failure {
  const unitName = unitNamed(unit)
  const what = unitName === undefined ? '"unit" is not a known unit' : `"unit" is ${unitName}`
  const measured = metrics.map(([metric, own]) => `${metric} (${DESCRIBED[own] ?? own})`)
  return failure('unit-mismatch', `${what}, but the reading has ${measured.join(', ')}`)
}

function isReadingData(data: unknown): data is Record<string, unknown> & ReadingData {
  return isObject(data) && !Buffer.isBuffer(data)
}
