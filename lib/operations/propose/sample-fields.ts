/** Describes the fields of sample records: where they are, and which values they have. Pure. */

import { parsePath, valueAt } from '../../mapping/record-path.ts'
import { isObject } from '../../support/json.ts'
import { readNumber } from '../../support/number-text.ts'

/** Maximum depth of objects in a record. */
const DEEPEST = 8

/** Field of the sample, by its dotted path. */
export interface SampleField {
  readonly path: string
  /** Value in each record, in the order of the records; undefined where it is missing or null. */
  readonly values: readonly unknown[]
  /** Number of records that have it. */
  readonly count: number
  /** Different values, as texts. */
  readonly distinct: ReadonlySet<string>
  /** `number` if the values are numbers, or texts that are numbers; `list` if a value is a list. */
  readonly kind: 'number' | 'text' | 'truth' | 'list'
  /** Decimal sign of numbers that are texts; undefined if all numbers are numbers in the records. */
  readonly decimal?: '.' | ','
  /** Least and greatest number; 0 without numbers. */
  readonly least: number
  readonly most: number
}

/** Returns the fields of the records in the order in which they appear. Members of objects have dotted paths. */
export function describeFields(documents: readonly object[]): readonly SampleField[] {
  const paths = new Set<string>()
  for (const document of documents) collectPaths(document, '', paths, 1)
  return [...paths].map(path => describeField(path, documents)).filter(({ count }) => count > 0)
}

function collectPaths(value: object, prefix: string, paths: Set<string>, level: number): void {
  for (const [name, below] of Object.entries(value)) {
    if (isObject(below) && level < DEEPEST) collectPaths(below, `${prefix}${name}.`, paths, level + 1)
    else if (below !== null && `${prefix}${name}` !== '') paths.add(`${prefix}${name}`)
  }
}

/** Share of numbers above which the other values of a field are taken for errors, from 0 to 1. */
const MOST_ARE_NUMBERS = 0.8

function describeField(path: string, documents: readonly object[]): SampleField {
  const parsed = parsePath(path)
  // The path is read as a mapping reads it, because a member whose name has dots can hide another one.
  const values = documents.map(document => valueAt({ document }, parsed))
  const present = values.filter(value => value !== undefined)
  const decimal = chooseDecimal(present)
  const numbers = present.map(value => toNumber(value, decimal ?? '.')).filter(value => value !== undefined)
  const isNumber = numbers.length > 0 && numbers.length >= present.length * MOST_ARE_NUMBERS
  return {
    path,
    values,
    count: present.length,
    distinct: new Set(present.map(String)),
    kind: isNumber ? 'number' : chooseKind(present),
    ...(isNumber && decimal !== undefined ? { decimal } : {}),
    least: numbers.reduce((a, b) => Math.min(a, b), numbers[0] ?? 0),
    most: numbers.reduce((a, b) => Math.max(a, b), numbers[0] ?? 0),
  }
}

function chooseKind(present: readonly unknown[]): SampleField['kind'] {
  if (present.some(value => typeof value === 'object')) return 'list'
  return present.every(value => typeof value === 'boolean') ? 'truth' : 'text'
}

/** Returns the decimal sign of texts that are numbers: a comma if one of them can only be read with it. */
function chooseDecimal(values: readonly unknown[]): SampleField['decimal'] {
  const texts = values.filter(value => typeof value === 'string')
  if (texts.some(text => toNumber(text, ',') !== undefined && toNumber(text, '.') === undefined)) return ','
  return texts.some(text => toNumber(text, '.') !== undefined) ? '.' : undefined
}

/** Returns a number; undefined for another value, and for a text with leading zeros, which is a code such as `007`. */
function toNumber(value: unknown, decimal: '.' | ','): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || /^\s*[+-]?0\d/.test(value)) return undefined
  const read = readNumber(value, decimal)
  return 'value' in read && Number.isFinite(read.value) ? read.value : undefined
}
