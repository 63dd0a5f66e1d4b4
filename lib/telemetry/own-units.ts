/** Converts a reading into the units of its family. Pure. */
import type { EventData } from '../../packages/runtime/consumer/application.ts'
import { type Failure, failure } from '../../packages/runtime/consumer/failure-codes.ts'
import type { Family, ReadingData } from './families.ts'
import { conversion, unitNamed } from './units.ts'

/** Data of an event in the units of its family, or the reason why it cannot be converted. */
export type InOwnUnits =
  | (EventData & {
      /** Unit from which the metrics were converted, as named in the table of units. */
      readonly from?: string
    })
  | Failure

/**
 * Converts the metrics of a reading into the family's units. `unit` applies to all metrics of its dimension that the
 * reading has, and to no others. It is removed, because it no longer holds. The bounds in a schema are in the family's
 * units, so data is validated after this step. Data that does not look like a reading is returned unchanged.
 */
export function inOwnUnits(family: Family, data: unknown): InOwnUnits {
  if (!isReadingData(data) || typeof data.unit !== 'string' || data.unit === '') return { kind: 'data', data }
  const { unit, ...converted } = data
  const present = Object.entries(family.metrics).filter(([metric]) => Object.hasOwn(data, metric))
  const fitting = present.flatMap(([metric, own]) => {
    const convert = conversion(own, data.unit as string)
    return convert ? [{ metric, convert }] : []
  })
  // A reading without metrics violates its schema, whose message is more useful.
  if (present.length === 0) return { kind: 'data', data }
  if (fitting.length === 0) return unitMismatch(data.unit, present)
  for (const { metric, convert } of fitting) {
    const value = data[metric]
    if (typeof value === 'number') converted[metric] = convert(value)
  }
  const from = unitNamed(data.unit)
  return { kind: 'data', data: converted, ...(from === undefined ? {} : { from }) }
}

/**
 * Returns the failure for an unsuitable unit. The message contains the unit only if it is in the table of
 * units; otherwise it is arbitrary text of the producer.
 */
function unitMismatch(unit: string, metrics: readonly (readonly [metric: string, own: string])[]): Failure {
  const known = unitNamed(unit)
  const what = known === undefined ? '"unit" is not a known unit' : `"unit" is ${known}`
  const measured = metrics.map(([metric, own]) =>
    own === '1' ? `${metric} (a count)` : `${metric} (${own})`,
  )
  return failure('unit-mismatch', `${what}, but the reading has ${measured.join(', ')}`)
}

function isReadingData(data: unknown): data is Record<string, unknown> & ReadingData {
  return typeof data === 'object' && data !== null && !Array.isArray(data) && !Buffer.isBuffer(data)
}
