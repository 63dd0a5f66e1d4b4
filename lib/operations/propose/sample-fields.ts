/** Describes the fields of sample records: where they are, and which values they have. Pure. */

import { mayBeBase64Decimal } from '../../mapping/base64-decimals.ts'
import { parsePath, type RawPath, type RecordContent, valueAt } from '../../mapping/record-path.ts'
import { isObject, parseJson } from '../../support/json.ts'
import { keepsDigits } from '../../support/number-text.ts'
import { unitNamed } from '../../telemetry/unit-table.ts'
import { GENERIC, splitWords } from './field-names.ts'

/** Maximum depth of objects in a record. */
const DEEPEST = 8

/** Field of the sample, or its key, topic or a header. */
export interface SampleField {
  /** Dotted path, by which messages name it. */
  readonly path: string
  /** The path in a mapping. */
  readonly from: RawPath
  /** Path for guesses and names: without a last part such as `value`. */
  readonly label: string
  /** Value in each record, in the order of the records; undefined where it is missing or null. */
  readonly values: readonly unknown[]
  /** Number of records that have it. */
  readonly count: number
  /** Different values, as texts. */
  readonly distinct: ReadonlySet<string>
  /** `number` if the values are numbers, or texts with a number; `list` if a value is a list. */
  readonly kind: 'number' | 'text' | 'truth' | 'list'
  /** Decimal sign of numbers that are texts; undefined if all numbers are numbers in the records. */
  readonly decimal?: '.' | ','
  /** Unit in the texts, such as `%` in `41.5 %`, and whether every text has it. */
  readonly written?: { readonly unit: string; readonly isAlways: boolean }
  /** Least and greatest number; 0 without numbers. */
  readonly least: number
  readonly most: number
  readonly isWhole: boolean
  /** The same numbers as the records write them. */
  readonly range: string
  /** Other values in a field of numbers, and numbers that stand for a missing value. */
  readonly absent: readonly unknown[]
}

/** Returns the fields of the records in the order in which they appear. Members of objects and elements of lists have dotted paths. */
export function describeFields(records: readonly RecordContent[]): readonly SampleField[] {
  const paths = new Set<string>()
  for (const { document } of records) collectPaths(document, '', paths, 1)
  return [...paths]
    .map(path => ({ ...describeField(path, path, records), label: toLabel(path) }))
    .filter(({ count }) => count > 0)
}

/** Headers that say something about the event or its trace. */
const OTHER_HEADERS = /^(ce[_-]|content|trace|baggage|b3|x-b3|uber-|__)/i

/** Returns key, headers and topic of the records. */
export function describeContext(records: readonly RecordContent[]): readonly SampleField[] {
  const headers = new Set(records.flatMap(({ headers = [] }) => headers.map(([name]) => name)))
  const sources: readonly (readonly [path: string, label: string, RawPath])[] = [
    ['the record key', 'sensorId', { key: true }],
    ...listKeyMembers(records).map(name => [`"${name}" of the record key`, name, { key: name }] as const),
    ...[...headers]
      .filter(header => !OTHER_HEADERS.test(header))
      .map(header => [`the header "${header}"`, header, { header }] as const),
    ['the topic', 'sensorId', { topic: true }],
  ]
  return sources
    .map(([path, label, from]) => ({ ...describeField(path, from, records), label }))
    .filter(({ count }) => count > 0)
}

/** Returns the members of keys that are JSON objects. */
function listKeyMembers(records: readonly RecordContent[]): readonly string[] {
  const names = records.map(record => {
    const key = parseJson(String(valueAt(record, parsePath({ key: true }))))
    return isObject(key) ? Object.keys(key) : []
  })
  return [...new Set(names.flat())]
}

function collectPaths(value: object, prefix: string, paths: Set<string>, level: number): void {
  // Only the first element of a list is a field, because others can have fewer elements.
  for (const [name, below] of Object.entries(value).slice(0, Array.isArray(value) ? 1 : undefined)) {
    const isInner = isObject(below) || (Array.isArray(below) && below.length > 0 && below.every(isElement))
    if (isInner && level < DEEPEST)
      collectPaths(below, `${prefix}${name}.`, paths, level + (isObject(below) ? 1 : 0))
    else if (below !== null && `${prefix}${name}` !== '') paths.add(`${prefix}${name}`)
  }
}

function isElement(value: unknown): boolean {
  return isObject(value) || typeof value === 'number'
}

function toLabel(path: string): string {
  const steps = path.split('.')
  while (steps.length > 1 && GENERIC.test(splitWords(steps.at(-1) ?? '').join(' '))) steps.pop()
  return steps.join('.')
}

/** Share of numbers above which the other values of a field are taken for errors, from 0 to 1. */
const MOST_ARE_NUMBERS = 0.8
/** Texts that stand for a missing number, and are no reason to take the field for a text. */
const MISSING =
  /^([+-]?(nan|inf|infinity)|n\/?a|null|none|nil|undefined|unavailable|unknown|err|error|missing|-+|\?+|\*+|)$/i
/** Numbers that loggers and sensors write instead of a missing value. They are far from all others. */
const SENTINELS = new Set([
  -7999, 7999, -6999, 6999, -999, -999.9, -9999, 9999, -99999, 99999, -32768, 32767, 65535,
])
const FAR = 10

function describeField(path: string, from: RawPath, records: readonly RecordContent[]): SampleField {
  const parsed = parsePath(from)
  // The path is read as a mapping reads it, because a member whose name has dots can hide another one.
  const values = records.map(record => valueAt(record, parsed))
  const present = values.filter(value => value !== undefined)
  const written = findWritten(present)
  const decimal = chooseDecimal(present, written?.unit)
  const found = present.flatMap(value => {
    const number = toNumber(value, decimal ?? '.', written?.unit)
    return number === undefined ? [] : [{ value, number }]
  })
  const possible = present.filter(value => !(typeof value === 'string' && MISSING.test(value.trim()))).length
  // A mapping refuses integers whose digits a double does not keep, and texts that may be decimals in base64.
  const readable = found.filter(({ value, number }) =>
    typeof value === 'string'
      ? keepsDigits(value, number) && !mayBeBase64Decimal(records[0] as RecordContent, parsed, value.trim())
      : typeof value === 'number',
  ).length
  const isNumber = readable > found.length / 2 && found.length >= possible * MOST_ARE_NUMBERS
  const sorted = isNumber ? withoutSentinels(found).toSorted((a, b) => a.number - b.number) : []
  const [first, last] = [sorted[0], sorted.at(-1)]
  const usual = new Set(sorted.map(({ value }) => value))
  return {
    path,
    from,
    label: path,
    values,
    count: present.length,
    distinct: new Set(present.map(String)),
    kind: isNumber ? 'number' : chooseKind(present),
    ...(isNumber && decimal !== undefined ? { decimal } : {}),
    ...(isNumber && written ? { written } : {}),
    least: first?.number ?? 0,
    most: last?.number ?? 0,
    isWhole: sorted.every(({ number }) => Number.isInteger(number)),
    range: first?.number === last?.number ? `always ${first?.value}` : `${first?.value} to ${last?.value}`,
    absent: [...new Set(present.filter(value => (isNumber ? !usual.has(value) : value === '')))],
  }
}

interface FoundNumber {
  readonly value: unknown
  readonly number: number
}

function withoutSentinels(found: readonly FoundNumber[]): readonly FoundNumber[] {
  const usual = found.filter(({ number }) => !SENTINELS.has(number))
  const greatest = usual.reduce((most, { number }) => Math.max(most, Math.abs(number)), 0)
  return found.filter(
    ({ number }) => usual.length === 0 || !SENTINELS.has(number) || Math.abs(number) < FAR * greatest,
  )
}

function chooseKind(present: readonly unknown[]): SampleField['kind'] {
  if (present.some(value => typeof value === 'object')) return 'list'
  return present.every(value => typeof value === 'boolean') ? 'truth' : 'text'
}

const NUMBER = /^[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:e[+-]?\d+)?/i

function splitNumber(value: unknown): { readonly number: string; readonly unit?: string } | undefined {
  const text = typeof value === 'string' ? value.trim() : ''
  const [number] = NUMBER.exec(text) ?? []
  if (number === undefined) return undefined
  const rest = text.slice(number.length)
  if (rest === '') return { number }
  const unit = rest.trim()
  const isUnit = unitNamed(unit) !== undefined || (unit !== rest && /^[^\d\s]{1,10}$/.test(unit))
  return isUnit ? { number, unit } : undefined
}

/** Returns the unit that most texts have behind a number. */
function findWritten(values: readonly unknown[]): SampleField['written'] {
  const units = values.flatMap(value => splitNumber(value) ?? []).map(({ unit = '' }) => unit)
  const [most] = [...Map.groupBy(units, unit => unit)]
    .filter(([unit]) => unit !== '')
    .toSorted(([, a], [, b]) => b.length - a.length)
  return most && { unit: most[0], isAlways: !units.includes('') }
}

/** Returns the decimal sign of texts that are numbers: a comma if one of them can only be read with it. */
function chooseDecimal(values: readonly unknown[], unit: string | undefined): SampleField['decimal'] {
  const texts = values.filter(value => typeof value === 'string')
  const isRead = (sign: '.' | ',') => (text: string) => toNumber(text, sign, unit) !== undefined
  if (texts.some(text => isRead(',')(text) && !isRead('.')(text))) return ','
  return texts.some(isRead('.')) ? '.' : undefined
}

/**
 * Returns a number; undefined for another value, for a text with another unit, and for a text with leading zeros, which is a code such
 * as `007`.
 */
function toNumber(value: unknown, decimal: '.' | ',', unit: string | undefined): number | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value)
  const split = splitNumber(value)
  if (split === undefined || /^[+-]?0\d/.test(split.number)) return undefined
  if (split.unit !== undefined && split.unit !== unit) return undefined
  if (split.number.includes(decimal === '.' ? ',' : '.')) return undefined
  const number = Number(split.number.replace(',', '.'))
  return Number.isFinite(number) ? number : undefined
}
