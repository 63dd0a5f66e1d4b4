/** Describes the fields of sample records: where they are, and which values they have. Pure. */
import { toSource } from '../../mapping/field-source.ts'
import type { RawField } from '../../mapping/raw-mapping.ts'
import { readField } from '../../mapping/read-field.ts'
import {
  findPayload,
  formatPath,
  parsePath,
  type RawPath,
  type RecordContent,
  toObject,
  valueAt,
} from '../../mapping/record-path.ts'
import { escapePattern } from '../../support/escape-text.ts'
import { isObject } from '../../support/json.ts'
import { unitsNamed } from '../../telemetry/unit-table.ts'
import { GENERIC, splitWords } from './field-names.ts'

/** Maximum number of steps to a field. */
const DEEPEST = 12

/** Field of the sample, or its key, topic or a header. */
export interface SampleField {
  /** Path by which messages name the field. */
  readonly path: string
  /** The path in a mapping. */
  readonly from: RawPath
  /** Dotted path for guesses and names: without a last part such as `value`. */
  readonly label: string
  /** Value in each record, in the order of the records; undefined where it is missing or null. */
  readonly values: readonly unknown[]
  /** Number of records that have it. */
  readonly count: number
  /** Different values, as texts. */
  readonly distinct: ReadonlySet<string>
  /** `number` if the values are numbers, or texts with a number; `list` if a value is a list; `text` also for truth values. */
  readonly kind: 'number' | 'text' | 'list'
  /** Keys with which a mapping reads the numbers; empty if all of them are numbers in the records. */
  readonly how: Pick<RawField, 'as' | 'pattern'>
  /** Most frequent unit in the texts, such as `%` in `41.5 %`, and the texts that have it. */
  readonly written?: { readonly unit: string; readonly in: 'all' | 'most' | 'few' } | undefined
  /** Least and greatest number as the records write them. */
  readonly range: string
  /** Other values in a field of numbers, and numbers that may stand for a missing value. */
  readonly absent: readonly unknown[]
}

/**
 * Returns the fields of the records in the order in which they appear. Members of objects and elements of lists have paths. A row before
 * its change is left out if the row after it is there.
 */
export function describeFields(records: readonly RecordContent[]): readonly SampleField[] {
  const all = records.flatMap(({ document }) => listSteps(document))
  const paths = new Map(all.map(steps => [formatPath(steps), steps] as const))
  const toAfter = (path: string) => path.replace(/(^|[.])before[.]/, '$1after.')
  return [...paths]
    .filter(([path]) => toAfter(path) === path || !paths.has(toAfter(path)))
    .map(([path, steps]) => ({ ...describeField(path, path, records), label: toLabel(steps) }))
    .filter(({ count }) => count > 0)
}

/** Returns the paths of fields for a message. */
export function listPaths(fields: readonly SampleField[], separator: string): string {
  return fields.map(({ path }) => `"${path}"`).join(separator)
}

/** Headers that say something about the event or its trace. */
const OTHER_HEADERS = /^(ce[_-]|content|trace|baggage|b3|x-b3|uber-|__)/i

/** Returns key, headers and topic of the records. */
export function describeContext(records: readonly RecordContent[]): readonly SampleField[] {
  const headers = new Set(records.flatMap(({ headers = [] }) => headers.map(([name]) => name)))
  const names = [...headers].filter(name => !OTHER_HEADERS.test(name))
  const sources: readonly (readonly [path: string, label: string, RawPath])[] = [
    ['the record key', 'sensorId', { key: true }],
    ...names.map(header => [`the header "${header}"`, header, { header }] as const),
    ['the topic', 'sensorId', { topic: true }],
  ]
  return sources.map(([path, label, from]) => ({ ...describeField(path, from, records), label }))
}

/** Returns the steps to the members of a value. Of a list, only the first element is a field, because others can have fewer elements. */
function listSteps(value: object, outer: readonly string[] = []): readonly (readonly string[])[] {
  const isElement = (element: unknown) => isObject(element) || typeof element === 'number'
  const members = Object.entries(findPayload(value) ?? value).slice(0, Array.isArray(value) ? 1 : undefined)
  return members.flatMap(([name, below]) => {
    const steps = [...outer, name]
    const inner = toObject({}, below)
    const isInner = !Array.isArray(inner) || (inner.length > 0 && inner.every(isElement))
    if (inner && isInner && steps.length < DEEPEST) return listSteps(inner, steps)
    return below === null ? [] : [steps]
  })
}

function toLabel(steps: readonly string[]): string {
  const last = steps.findLastIndex(step => !GENERIC.test(splitWords(step).join(' ')))
  return steps.slice(0, Math.max(last, 0) + 1).join('.')
}

/** Share of numbers above which the other values of a field are taken for errors, from 0 to 1. */
const MOST_ARE_NUMBERS = 0.8
/** Texts that stand for a missing number, and are no reason to take the field for a text. */
const MISSING =
  /^([+-]?(nan|inf|infinity)|n\/?a|null|none|nil|undefined|unavailable|unknown|err|error|missing|-+|\?+|\*+|)$/i

/** Returns whether a value is a text that stands for a missing one. */
export const isMissing = (value: unknown) => typeof value === 'string' && MISSING.test(value.trim())

/** Values are read as a mapping reads them. */
function describeField(path: string, from: RawPath, records: readonly RecordContent[]): SampleField {
  const parsed = parsePath(from)
  const values = records.map(record => valueAt(record, parsed))
  const present = values.filter(value => value !== undefined)
  const written = findWritten(present)
  const [{ how, found } = { how: {}, found: [] }] = listHows(written)
    .map(how => ({ how, found: readNumbers({ from, ...how }, values, records) }))
    .toSorted((a, b) => b.found.length - a.found.length)
  const possible = present.filter(value => !isMissing(value)).length
  const isNumber = found.length > 0 && found.length >= possible * MOST_ARE_NUMBERS
  const sentinels = findSentinels(found.map(({ number }) => number))
  const usual = found.filter(({ number }) => isNumber && !sentinels.has(number))
  const sorted = usual.toSorted((a, b) => a.number - b.number)
  const [first, last] = [sorted[0], sorted.at(-1)]
  const measured = new Set(sorted.map(({ value }) => value))
  return {
    path,
    from,
    label: path,
    values,
    count: present.length,
    distinct: new Set(present.map(String)),
    kind: isNumber ? 'number' : present.some(value => typeof value === 'object') ? 'list' : 'text',
    how,
    written: isNumber ? written : undefined,
    range: first?.number === last?.number ? `always ${first?.value}` : `${first?.value} to ${last?.value}`,
    absent: [...new Set(present.filter(value => (isNumber ? !measured.has(value) : value === '')))],
  }
}

/** Returns the ways in which a mapping can read numbers, the simplest first. */
function listHows(written: SampleField['written']): readonly SampleField['how'][] {
  const signs = ['number', 'decimal-comma'] as const
  const unit = written && escapePattern(written.unit)
  const pattern = `^\\s*(\\S*\\d)\\s*${written?.in === 'all' ? unit : `(?:${unit})?`}\\s*$`
  return [{}, ...signs.map(as => ({ as })), ...(unit ? signs.map(as => ({ pattern, as })) : [])]
}

/** Returns the numbers that a mapping reads. A text with leading zeros is a code such as `007`. */
function readNumbers(raw: RawField, values: readonly unknown[], records: readonly RecordContent[]) {
  const source = toSource('', 'number', raw)
  return records.flatMap((record, index) => {
    const value = values[index]
    const read = value === undefined || /^\s*[+-]?0\d/.test(String(value)) ? {} : readField(source, record)
    return 'value' in read ? [{ value, number: Number(read.value) }] : []
  })
}

const NUMBER = /^[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:e[+-]?\d+)?/i

/** Returns the most frequent unit behind the numbers. */
function findWritten(values: readonly unknown[]): SampleField['written'] {
  const units = values.flatMap(value => {
    const text = String(value).trim()
    const rest = NUMBER.test(text) ? text.replace(NUMBER, '') : '-'
    const unit = rest.trim()
    const isUnit = unitsNamed(unit).length > 0 || (unit !== rest && /^[^\d\s]{1,10}$/.test(unit))
    return rest === '' || isUnit ? [unit] : []
  })
  const most = findMostFrequent(units)
  if (most === undefined) return undefined
  return { unit: most.text, in: !units.includes('') ? 'all' : most.times > units.length / 2 ? 'most' : 'few' }
}

/** Returns the most frequent text that is not empty, and how often it occurs. */
export function findMostFrequent(values: readonly unknown[]) {
  const texts = values.map(value => String(value ?? '')).filter(text => text !== '')
  const groups = [...Map.groupBy(texts, text => text)].map(([text, { length }]) => ({ text, times: length }))
  return groups.toSorted((a, b) => b.times - a.times)[0]
}

/** Smallest number that is taken for a sentinel, whatever its sign, and number of other values from which one can be far. */
const SMALLEST = 50
const ENOUGH = 3
/** Numbers that are sentinels if they occur once, such as 9999, and those in which all bits are set. */
const USUAL = /^-\d+$|^-?\d*999([.]9+)?$|^(255|4095|32767|65535|4294967295)$/

/** Returns the numbers, such as -999, that are far outside of all others, because they may stand for a missing value. */
export function findSentinels(numbers: readonly number[]): ReadonlySet<number> {
  const sorted = numbers.toSorted((a, b) => a - b)
  const found = [sorted[0], sorted.at(-1)].find((number = 0) => {
    const others = sorted.filter(other => Math.abs(other) !== Math.abs(number))
    const [least = 0, most = 0] = [others[0], others.at(-1)]
    const isRepeated = numbers.filter(other => other === number).length > 1
    const isOdd = Math.abs(number) >= SMALLEST && (isRepeated || USUAL.test(String(number)))
    const isOnlyNegative = number < 0 && least >= 0
    const isLarge = Math.abs(number) > 5 * Math.max(-least, most) && new Set(others).size >= ENOUGH
    const gap = Math.max(least - number, number - most)
    const isFar = gap >= (isOnlyNegative && isRepeated ? 0.5 : 2) * (most - least)
    return isOdd && isFar && (isOnlyNegative || isLarge) && others.length >= ENOUGH
  })
  return new Set(
    found === undefined ? [] : [found, ...findSentinels(numbers.filter(number => number !== found))],
  )
}
