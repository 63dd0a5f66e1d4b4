/** Describes the fields of sample records: where they are, which values they have, and how readings name them. Pure. */
import { toSource as toFieldSource } from '../../lib/mapping/field-source.ts'
import type { RawField } from '../../lib/mapping/raw-mapping.ts'
import { readField } from '../../lib/mapping/read-field.ts'
import {
  findPayload,
  formatPath,
  parsePath,
  type RawPath,
  type RecordContent,
  toObject,
  valueAt,
} from '../../lib/mapping/record-path.ts'
import { count } from '../../lib/support/count.ts'
import { escapePattern } from '../../lib/support/escape-text.ts'
import { NO_DIMENSIONS, unitsNamed } from '../../lib/telemetry/index.ts'

/** Field of the sample, or its key or a header. */
export interface SampleField {
  readonly path: string
  /** The path in a mapping. */
  readonly from: RawPath
  /** Values by record; undefined where it is missing or null. */
  readonly values: readonly unknown[]
  /** Numbers that a mapping reads, by record. */
  readonly numbers: readonly (number | undefined)[]
  /** Number of records that have it. */
  readonly count: number
  /** Different values, as texts. */
  readonly distinct: readonly string[]
  /** `number` also for texts with a number; `list` if a value is a list. */
  readonly kind: 'number' | 'text' | 'truth' | 'list'
  /** Keys with which a mapping reads the values. */
  readonly how: Pick<RawField, 'as' | 'pattern'>
  /** Texts in a field of numbers, empty texts, and numbers far from all others that repeat. */
  readonly absent: readonly (string | number)[]
  /** Unit in all texts, such as `%` in `41.5 %`. */
  readonly unit?: string | undefined
}

export type Fields = readonly SampleField[]

/** Returns the fields of the records, in which members of objects and elements of lists have paths, their key or its members, and headers. */
export function describeRecords(records: readonly RecordContent[]) {
  const paths = listPaths(records.map(({ document }) => document))
  const objects = records.map(record => toObject({}, valueAt(record, parsePath({ key: true }))))
  const [key, json] = [{ key: true }, { key: { json: true } }] as const
  const isJson = records.some(record => valueAt(record, parsePath(json)) !== valueAt(record, parsePath(key)))
  const members = objects.every(object => object !== undefined) && !isJson ? listPaths(objects) : undefined
  const headers = new Set(records.flatMap(({ headers = [] }) => headers.map(([name]) => name)))
  return {
    fields: paths.map(path => describeField(path, path, records)).filter(({ count }) => count > 0),
    keys: (members?.map(key => ({ key })) ?? [isJson ? json : key]).map(from =>
      describeField('key', from, records),
    ),
    headers: [...headers].map(header => describeField(header, { header }, records)),
  }
}

function listPaths(objects: readonly object[]): readonly string[] {
  return [...new Set(objects.flatMap(object => listSteps(object)).map(formatPath))]
}

const MAX_STEPS = 12

/** Returns the steps to the members of a value. Of a list, only the first element is a field, because others can have fewer elements. */
function listSteps(value: object, outer: readonly string[] = []): readonly (readonly string[])[] {
  const isElement = (element: unknown) => typeof element === 'number' || toObject({}, element) !== undefined
  const members = Object.entries(findPayload(value) ?? value).slice(0, Array.isArray(value) ? 1 : undefined)
  return members.flatMap(([name, below]) => {
    const steps = [...outer, name]
    const inner = toObject({}, below)
    const isInner = !Array.isArray(inner) || (inner.length > 0 && inner.every(isElement))
    if (inner && isInner && steps.length < MAX_STEPS) return listSteps(inner, steps)
    return below === null ? [] : [steps]
  })
}

/** Bound of the number of texts in a field of numbers, and texts that may be there: a short one that does not begin with a number. */
const MAX_ABSENT = 5
const WORD = /^(?!\s*[+-]?[.,]?\d).{0,40}$/s

/** Values are read as a mapping reads them. A text with leading zeros is a code such as `007`. */
function describeField(path: string, from: RawPath, records: readonly RecordContent[]): SampleField {
  const values = records.map(record => valueAt(record, parsePath(from)))
  const present = values.filter(value => value !== undefined)
  const isCode = (value: unknown) => /^\s*[+-]?0\d/.test(String(value))
  const readNumbers = (how: SampleField['how']) => {
    const source = toFieldSource('', 'number', { from, ...how })
    const reads = records.map((record, index) => (isCode(values[index]) ? {} : readField(source, record)))
    const numbers = reads.map(read => ('value' in read ? Number(read.value) : undefined))
    return { how, numbers, found: numbers.filter(number => number !== undefined).length }
  }
  const unit = findUnit(present)
  const pattern = unit && { pattern: `^\\s*(\\S*\\d)\\s*${escapePattern(unit)}\\s*$` }
  const hows = [{}, { ...pattern, as: 'number' }, { ...pattern, as: 'decimal-comma' }] as const
  const reads = hows.map(readNumbers)
  const { how, numbers, found } = reads.reduce((best, read) => (read.found > best.found ? read : best))
  const others = [...new Set(values.filter((_, index) => numbers[index] === undefined))]
  const texts = others.filter(value => value !== undefined)
  const isWord = (value: unknown) => typeof value === 'string' && WORD.test(value)
  const isMost = found > 0 && found * 2 >= present.length
  const isNumber = isMost && texts.length <= MAX_ABSENT && texts.every(isWord)
  const types = new Set(present.map(value => typeof value))
  const only = types.size === 1 ? [...types][0] : undefined
  const other = only === 'boolean' ? 'truth' : types.has('object') ? 'list' : 'text'
  return {
    path,
    from,
    values,
    numbers,
    count: present.length,
    distinct: [...new Set(present.map(String))],
    kind: isNumber ? 'number' : other,
    how: isNumber ? how : only === 'string' ? {} : { as: 'text' },
    absent: [
      ...texts.map(String).filter(text => isNumber || text === ''),
      ...(isNumber ? findOutliers(numbers.filter(number => number !== undefined)) : []),
    ],
    unit: isNumber ? unit : undefined,
  }
}

/** Distance of a number from all others, in ranges of these, from which on it may stand for a missing value. */
const FAR = 3

/** Returns the least and the greatest number, if they repeat and are far from at least three others, such as -9999. 0 may mean off. */
function findOutliers(numbers: readonly number[]): readonly number[] {
  const sorted = [...new Set(numbers)].toSorted((a, b) => a - b)
  const ends = [sorted.slice(0, 1), sorted.slice(-1)] as const
  const candidates = [ends.flat(), ...ends].filter(far => {
    const others = sorted.filter(number => !far.includes(number))
    const [least = 0, greatest = 0] = [others[0], others.at(-1)]
    const isFar = (number: number) => Math.max(least - number, number - greatest) >= FAR * (greatest - least)
    const isRepeated = (number: number) => numbers.indexOf(number) < numbers.lastIndexOf(number)
    return others.length >= 3 && far.every(number => number !== 0 && isFar(number) && isRepeated(number))
  })
  return candidates[0] ?? []
}

/** Returns the indexes of records with a number that may be a measurement. */
export function listMeasured({ numbers, absent }: SampleField): readonly number[] {
  return [...numbers.keys()].filter(index => numbers[index] !== undefined && !absent.includes(numbers[index]))
}

const NUMBER = /^[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:e[+-]?\d+)?/i

/** Returns the only unit behind the numbers of texts. */
function findUnit(values: readonly unknown[]): string | undefined {
  const texts = values.map(value => String(value).trim()).filter(text => NUMBER.test(text))
  const rests = texts.map(text => text.replace(NUMBER, ''))
  const isUnit = (rest: string) => unitsNamed(rest.trim()).length > 0 || /^\s+\S{1,10}$/.test(rest)
  const [unit, ...others] = new Set(rests.map(rest => (isUnit(rest) ? rest.trim() : '')))
  return others.length === 0 && unit !== '' ? unit : undefined
}

/** Number and length of the examples of a text. */
const [MAX_EXAMPLES, MAX_LENGTH] = [3, 40]

/** Returns how many values differ, and which they are: the least and the greatest of numbers, examples of texts. */
export function describeValues(field: SampleField): string {
  const { kind, values, numbers, distinct } = field
  if (kind === 'number') {
    const measured = listMeasured(field)
    const sorted = measured.toSorted((a, b) => Number(numbers[a]) - Number(numbers[b]))
    const [least, greatest] = [sorted[0], sorted.at(-1)].map(index => values[index ?? 0])
    const different = new Set(measured.map(index => numbers[index])).size
    return different === 1 ? `always ${least}` : `${least} to ${greatest}, ${different} values`
  }
  const quote = (text: string) => JSON.stringify(text.slice(0, MAX_LENGTH))
  const texts = distinct.slice(0, MAX_EXAMPLES).map(quote).join(', ')
  return distinct.length > MAX_EXAMPLES ? `${count(distinct.length, 'value')}, such as ${texts}` : texts
}

/** Returns the field of a mapping, in the short form if it has one. */
export function toSource({ from, how, absent }: Pick<SampleField, 'from' | 'how' | 'absent'>): unknown {
  const whole = { from, ...how, ...(absent.length > 0 ? { absent } : {}) }
  return Object.keys(whole).length > 1 ? whole : from
}

/** Letters that have no decomposition in Unicode, or another one in names. */
const LETTERS: Record<string, string> = { ß: 'ss', ä: 'ae', ö: 'oe', ü: 'ue', æ: 'ae', ø: 'o', ł: 'l' }

/** Returns the lower-case words of a name: `soilMoisture`, `soil_moisture` and `Soil moisture` have the same two. */
export function splitWords(name: string): readonly string[] {
  return name
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .replace(/(?<=\p{Lu})(\p{Lu}\p{Ll})/gu, ' $1')
    .normalize('NFC')
    .toLowerCase()
    .replace(/[ßäöüæøł]/g, letter => LETTERS[letter] ?? letter)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .split(/[^a-z0-9]+/)
    .filter(word => word !== '')
}

/** Matches a part in brackets, which is the unit in `Pressure [hPa]`. */
export const BRACKETS = /[([]([^()[\]]+)[)\]]\s*$/

/** Members of every reading, and names that objects have already. */
const RESERVED = ['unit', 'tags', 'constructor', 'prototype']

/**
 * Returns a function that chooses a name of its own for each of these paths: the camelCase name of the last part or, if another path has
 * it, of the whole. Rules group by dimensions: tags, and fields in the source.
 */
export function createNames(paths: readonly string[]): (path: string, isDimension?: boolean) => string {
  const taken = new Set(RESERVED)
  const lasts = paths.map(path => toName(path, true))
  return (path, isDimension = false) => {
    const [last, whole] = [toName(path, true), toName(path)]
    const isFree = (name: string) => !taken.has(name) && !(isDimension && NO_DIMENSIONS.has(name))
    const isShared = lasts.indexOf(last) !== lasts.lastIndexOf(last)
    let name = !isShared && isFree(last) ? last : whole
    for (let number = 2; !isFree(name); number++) name = `${whole}${number}`
    taken.add(name)
    return name
  }
}

/** Returns the name of a path or of its last part, with the indexes of elements behind it. */
function toName(path: string, isLast = false): string {
  const { steps } = parsePath(path)
  const named = steps.slice(isLast ? steps.findLastIndex(step => !/^\d+$/.test(step)) : 0)
  const [first = 'field', ...others] = splitWords(named.map(step => step.replace(BRACKETS, '')).join(' '))
  const name = [first, ...others.map(word => word.charAt(0).toUpperCase() + word.slice(1))].join('')
  return (/^\d/.test(name) ? `field${name}` : name).slice(0, 60)
}
