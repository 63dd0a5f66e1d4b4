/** Brings a reading into the units of its family. Pure. */
import { type Fault, fault } from '../failure/codes.ts'
import type { Family, ReadingData } from './families.ts'
import { conversion, unitNamed } from './units.ts'

/** The data of an event in the units of its family, or why that cannot be had. */
export type InOwnUnits =
  | {
      readonly data: unknown
      /** The unit that the metrics were converted from, by its name in the table of units. */
      readonly from?: string
    }
  | { readonly fault: Fault }

/**
 * The data of a reading with its metrics in the family's units. `unit` applies to every metric of its dimension that the
 * reading has, and to no other; it is gone afterwards, because it is no longer true. Bounds of a schema are in the family's
 * units, so data is held to its schema after this, and what is no reading at all comes back as it is.
 */
export function inOwnUnits(family: Family, data: unknown): InOwnUnits {
  if (!isReadingData(data) || typeof data.unit !== 'string' || data.unit === '') return { data }
  const { unit, ...converted } = data
  const present = Object.entries(family.metrics).filter(([metric]) => Object.hasOwn(data, metric))
  const fitting = present.flatMap(([metric, own]) => {
    const convert = conversion(own, data.unit as string)
    return convert ? [{ metric, convert }] : []
  })
  // Without a metric the schema says more.
  if (present.length === 0) return { data }
  if (fitting.length === 0) return { fault: unitMismatch(data.unit, present) }
  for (const { metric, convert } of fitting) {
    const value = data[metric]
    if (typeof value === 'number') converted[metric] = convert(value)
  }
  const from = unitNamed(data.unit)
  return { data: converted, ...(from === undefined ? {} : { from }) }
}

/** The unit is the producer's text: it is named only if the table of units has it. */
function unitMismatch(unit: string, metrics: readonly (readonly [metric: string, own: string])[]): Fault {
  const known = unitNamed(unit)
  const what = known === undefined ? '"unit" is no unit that is known here' : `"unit" is ${known}`
  const measured = metrics.map(([metric, own]) =>
    own === '1' ? `${metric} (a count)` : `${metric} (${own})`,
  )
  return fault('unit-mismatch', `${what}, and the reading has ${measured.join(', ')}`)
}

function isReadingData(data: unknown): data is Record<string, unknown> & ReadingData {
  return typeof data === 'object' && data !== null && !Array.isArray(data) && !Buffer.isBuffer(data)
}
