/** Drafts the sources of values in mappings. Pure. */
import { escapePattern } from './guess-entity.ts'
import type { SampleField } from './sample-fields.ts'

/**
 * Returns the source of a text. Numbers and truth values are converted.
 *
 * @param isRequired true if readings cannot be without it, so that the record is refused with the reason
 */
export function readText({ from, values, kind, absent }: SampleField, isRequired = false): unknown {
  const isText = values.every(value => value === undefined || typeof value === 'string')
  const empty = kind === 'number' || isRequired ? [] : absent
  return toSource({ from, ...(isText ? {} : { as: 'text' }), ...readAbsent(empty) })
}

/** @param isOnly true if there is nothing else to read, so that a record without the number is refused with the reason */
export function readNumber(field: SampleField, isOnly: boolean): unknown {
  const absent = isOnly ? field.absent.filter(value => typeof value === 'number') : field.absent
  return toSource({ from: field.from, ...readNumberText(field), ...readAbsent(absent) })
}

/** Returns the source of the value of a named metric. A record without a number has no reading, so that no value is absent. */
export function readValue(values: readonly SampleField[]): unknown {
  const [field] = values.toSorted((a, b) => Number(b.kind === 'number') - Number(a.kind === 'number'))
  const from = values.length === 1 ? field?.from : values.map(({ from }) => from)
  const hasTexts = values.some(sampled => sampled.values.some(value => typeof value === 'string'))
  return toSource({ from, ...(hasTexts ? { as: 'number' } : {}), ...(field && readNumberText(field)) })
}

function readNumberText({ decimal, written }: SampleField): object {
  if (decimal === undefined) return {}
  const unit = written && escapePattern(written.unit)
  const pattern = unit && `^\\s*(\\S*\\d)\\s*${written.isAlways ? unit : `(?:${unit})?`}\\s*$`
  return { ...(pattern ? { pattern } : {}), as: decimal === ',' ? 'decimal-comma' : 'number' }
}

/** Number of values that are listed as absent. */
const MAX_ABSENT = 5

function readAbsent(absent: readonly unknown[]): object {
  if (absent.length === 0) return {}
  const isListed =
    absent.length <= MAX_ABSENT &&
    absent.every(value => typeof value !== 'object' && String(value).length < 40)
  return isListed ? { absent } : { orElse: 'absent' }
}

/** Returns the source of a field in its short form if it has one. */
function toSource({ from, ...how }: { readonly from: unknown }): unknown {
  return Object.keys(how).length === 0 ? from : { from, ...how }
}
