/** Converts readings to the units of their family. Pure. */

import { type EventData, type Failure, failure } from '#runtime/consumer'
import { isObject } from '../support/json.ts'
import type { Family, ReadingData } from './families.ts'
import { findMetricUnit } from './metric-names.ts'
import { describeName, findConversion, suggestUnits, unitNamed, unitsNamed } from './unit-table.ts'

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
 *
 * @param converted metrics that are in the unit of the family already, to which `unit` does not apply
 */
export function inOwnUnits(family: Family, data: unknown, converted?: ReadonlySet<string>): InOwnUnits {
  if (!isReadingData(data) || typeof data.unit !== 'string' || data.unit === '') return { kind: 'data', data }
  const { unit, ...own } = data
  const present = [...new Set([...Object.keys(family.metrics), ...Object.keys(data)])].flatMap(name => {
    const to = Object.hasOwn(data, name) && !converted?.has(name) ? findMetricUnit(family, name) : undefined
    return to === undefined ? [] : [[name, to] as const]
  })
  const fitting = present.flatMap(([metric, to]) => {
    const convert = findConversion(to, data.unit as string)
    return convert ? [{ metric, to, convert }] : []
  })
  // A reading without metrics violates its schema, and the error message of the schema is more useful.
  if (present.length === 0) return { kind: 'data', data: converted?.size ? own : data }
  const [first] = fitting
  if (first === undefined) return unitMismatch(data.unit, present)
  for (const { metric, convert } of fitting) {
    const value = data[metric]
    if (typeof value === 'number') own[metric] = convert(value)
  }
  const from = unitNamed(data.unit, first.to)
  return { kind: 'data', data: own, ...(from === undefined ? {} : { from }) }
}

/** Units that have no symbol, in words. */
const DESCRIBED: Readonly<Record<string, string>> = { '1': 'a count', '': 'without a unit' }

/** Text that may be a unit, and is short enough not to be anything else of the producer, such as a password. */
const UNIT_LIKE = /^(1?\/)?[\p{L}%°[][\p{L}\p{N}%°/^.'()[\]-]{0,11}$/u

/**
 * Returns the failure for a unit that cannot be converted, with the nearest units that can be. The message contains the unit only if
 * it looks like one. Otherwise it is arbitrary text from the producer.
 */
function unitMismatch(unit: string, metrics: readonly (readonly [metric: string, own: string])[]): Failure {
  const isShown = UNIT_LIKE.test(unit) || (unitsNamed(unit).length > 0 && /^[^\p{C}]{1,30}$/u.test(unit))
  const what = isShown ? `"unit" is ${describeName(unit)}` : '"unit" is not a known unit'
  const measured = metrics.map(([metric, own]) => `${metric} (${DESCRIBED[own] ?? own})`)
  const hint = suggestUnits(isShown ? unit : '', [...new Set(metrics.map(([, own]) => own))])
  return failure('unit-mismatch', `${what}, but the reading has ${measured.join(', ')}.${hint}`)
}

function isReadingData(data: unknown): data is Record<string, unknown> & ReadingData {
  return isObject(data) && !Buffer.isBuffer(data)
}
