/** Finds the entity, the time and the units that sample records state; what they do not state is a question. Pure. */
import { dump } from 'js-yaml'
import type { Epoch } from '../../lib/mapping/mapping.ts'
import { readTime } from '../../lib/mapping/read-time.ts'
import { parsePath } from '../../lib/mapping/record-path.ts'
import { count } from '../../lib/support/count.ts'
import { findConversion, unitsNamed } from '../../lib/telemetry/index.ts'
import { readCellUnit } from '../recordings/import/unit-row.ts'
import { BRACKETS, type Fields, type SampleField, toSource } from './sample-fields.ts'

/** Share of values that must be names, or times, from 0 to 1. */
const LEAST_SHARE = 0.9
const MAX_LISTED = 5

/** Returns alternatives as one text, such as `a, b, or c`. */
export function formatList(texts: readonly string[]): string {
  return new Intl.ListFormat('en', { type: 'disjunction' }).format(texts)
}

/** Returns a value in the flow style of YAML, which has no line breaks. */
export function formatFlow(value: unknown): string {
  return dump(value, { flowLevel: 0, flowBracketPadding: true, lineWidth: -1 }).trim()
}

/**
 * Returns the field that equals the record key and its source in a mapping, or the question with the fields whose values repeat.
 * `likely` is the field that names the entity, or the first one that may.
 */
export function findEntity(fields: Fields, keys: Fields, headers: Fields) {
  const naming = fields.filter(canName)
  const [key, more] = keys.filter(canName)
  const subject = key && !more ? naming.find(field => isEqual(field, key)) : undefined
  const countValues = ({ distinct }: SampleField) => count(distinct.length, 'value')
  // A name that is a number is used as a text.
  const toName = ({ from, how, kind }: SampleField) =>
    toSource({ from, how: kind === 'number' ? { as: 'text' } : how, absent: [] })
  const note = subject && `the same as the record key: ${countValues(subject)}`
  if (note) return { subject, likely: subject, source: toName(subject), note }
  const isChanging = ({ distinct }: SampleField) => distinct.length > 1
  const others = naming.filter(field => field.kind === 'text' || isChanging(field))
  const all = [...keys.filter(canName), ...headers.filter(canName).filter(isChanging), ...others].toSorted(
    (a, b) => b.kind.localeCompare(a.kind) || b.distinct.length - a.distinct.length,
  )
  const listed = all.map(field => `${formatFlow(toName(field))} (${countValues(field)})`)
  const question = `one entity, or does a field name it: ${formatList(listed.slice(0, MAX_LISTED))}?`
  const none = 'one entity, as no values repeat in a field: is that right?'
  return { likely: all[0], note: listed.length > 0 ? question : none }
}

/** Returns whether nearly all records have a text or an integer in the field, and values repeat. */
export function canName(field: SampleField): boolean {
  const { kind, unit, values, numbers } = field
  const isName = (value: unknown, index: number) =>
    kind === 'text' ? value : Number.isSafeInteger(numbers[index])
  const isPossible = kind === 'text' || (kind === 'number' && unit === undefined)
  return isPossible && isRepeating(field) && values.filter(isName).length >= values.length * LEAST_SHARE
}

/** Returns whether values repeat. Of three records at most, any field may have values that do. */
export const isRepeating = ({ distinct, count }: SampleField) => distinct.length < count || count <= 3

/** Returns whether a field has the same value as another one in each record that has both. A key can be a JSON text in quotation marks. */
export function isEqual(field: SampleField, other: SampleField): boolean {
  const toBare = (value: unknown) => String(value).replace(/^"(.+)"$/, '$1')
  const pairs = field.values.map((value, index) => [value, other.values[index]])
  return pairs.every(pair => pair.includes(undefined) || toBare(pair[0]) === toBare(pair[1]))
}

/** Field whose values are times. */
interface TimeField extends SampleField {
  /** Zone of texts that name none, or the unit of numbers. */
  readonly form: { readonly timeZone?: string; readonly epoch?: Epoch }
  /** Times in milliseconds since 1970, by record; undefined where there is none. */
  readonly times: readonly (number | undefined)[]
}

const DAY_MS = 86_400_000
const FIRST_MS = Date.parse('2000-01-01T00:00:00Z')
/** Greatest age of numbers that are taken for times, because other numbers can have the same magnitude. */
const RECENT_MS = 2 * 365 * DAY_MS

/** Returns the fields whose values are times since 2000, or numbers of the last two years. @param timeZone zone of times that name none */
export function findTimes(fields: Fields, nowMs: number, timeZone: string): readonly TimeField[] {
  const epochs = (['s', 'ms', 'us', 'ns'] as const).map(epoch => ({ epoch }))
  const toTime = (form: TimeField['form']) => (value: unknown) => {
    const read = readTime(value, form)
    const ms = 'time' in read ? Date.parse(read.time) : Number.NaN
    return ms >= (form.epoch ? nowMs - RECENT_MS : FIRST_MS) && ms <= nowMs + DAY_MS ? ms : undefined
  }
  return fields.flatMap(field => {
    const reads = [{}, { timeZone }, ...epochs].map(form => ({ form, times: field.values.map(toTime(form)) }))
    const found = reads.find(
      ({ times }) => times.filter(Boolean).length >= Math.max(1, field.count * LEAST_SHARE),
    )
    return found ? [{ ...field, ...found }] : []
  })
}

/** Returns the only time that changes, or the only one if it is a text, or else the question, and the source in a mapping. */
export function chooseTime(all: readonly TimeField[]) {
  const changing = all.filter(({ times }) => new Set(times.filter(Boolean)).size > 1)
  const [time] = changing.length === 1 ? changing : all
  const toForm = ({ from, form }: TimeField) => ({ from, ...form })
  if (time && (changing.length === 1 || (all.length === 1 && !time.form.epoch))) {
    const zone = time.form.timeZone ? ` names no zone: is it in ${time.form.timeZone}?` : ''
    const source = time.count < time.values.length ? [toForm(time), 'record'] : toForm(time)
    return { time, source, note: `${describeTime(time)}${zone}` }
  }
  const listed = all.map(field => `${formatFlow(toForm(field))} (${describeTime(field)})`)
  const fields = formatList([...listed.slice(0, MAX_LISTED), 'that of the record, as here'])
  const none = 'that of the record: no field is a time that a mapping reads'
  return { source: 'record', note: time ? `which is the time of the measurement: ${fields}?` : none }
}

/** Returns an example of a time, and of a number the time that it is. */
function describeTime({ values, times, form }: TimeField): string {
  const index = times.findIndex(Boolean)
  const value = JSON.stringify(String(values[index]))
  return form.epoch ? `${value} is ${new Date(times[index] ?? 0).toISOString()}` : value
}

/** Unit by its name in the table of units, where it is from, and the field that has it, or the question that the sample does not answer. */
interface FoundUnit {
  readonly unit?: string
  readonly note: string
  readonly owner?: SampleField | undefined
  /** True if all numbers of the sample are in this unit. */
  readonly isFixed?: boolean
}

/**
 * Returns the units of numbers that the records name, in the case that they have there. A text is the unit of the only number in its
 * object, or of the number with its name in another one. At the top of a record, a single letter can be anything. If a unit changes, it
 * is that of the reading, which can have only one.
 *
 * @param row cells of the row of units, by column
 */
export function findUnits(fields: Fields, row: Readonly<Record<string, unknown>> = {}) {
  const metrics = fields.filter(({ kind }) => kind === 'number')
  const texts = fields.filter(({ kind, distinct }) => kind === 'text' && findMeanings(distinct).length > 0)
  const toOuter = ({ path }: SampleField) => JSON.stringify(parsePath(path).steps.slice(0, -1))
  const toLast = ({ path }: SampleField) => parsePath(path).steps.at(-1)
  const owned = texts.flatMap(text => {
    const isBeside = (other: SampleField) =>
      toOuter(other) === toOuter(text) || toLast(other) === toLast(text)
    const [metric, more] = metrics.filter(isBeside)
    const isOpen = toOuter(text) === '[]' && text.distinct.some(name => /^\p{L}$/u.test(name))
    return metric && !more && !isOpen ? [[metric, text] as const] : []
  })
  const isFixed = ([{ values }, { values: names, distinct }]: (typeof owned)[number]) =>
    distinct.length === 1 && values.every((value, index) => value === undefined || names[index] !== undefined)
  const [changing, more] = owned.filter(pair => !isFixed(pair))
  const owners = new Map(owned.filter(pair => isFixed(pair) || !more))
  const others = texts.filter(text => ![...owners.values()].includes(text))
  const named = others.map(({ path, distinct }) => `"${path}" is ${formatList(distinct)}`).join(', ')
  const describe = (metric: SampleField): FoundUnit => {
    const [cell, owner] = [row[metric.path], owners.get(metric)]
    const inBrackets = BRACKETS.exec(metric.path)?.[1] ?? ''
    if (metric.unit) return nameUnit([metric.unit], metric, 'unit of its texts')
    if (typeof cell === 'string') return nameUnit([readCellUnit(cell) ?? cell], metric, 'unit of its row')
    if (owner)
      return {
        ...nameUnit(owner.distinct, owner, `unit in "${owner.path}"`),
        owner,
        isFixed: metric !== changing?.[0],
      }
    if (unitsNamed(inBrackets)[0]) return nameUnit([inBrackets], metric, 'unit in its name')
    return { note: `in which unit, if any${named && ` (${named})`}?` }
  }
  return new Map(metrics.map(metric => [metric, describe(metric)]))
}

/** Returns the units that the first name can stand for, and to which all other names can be converted. */
function findMeanings([first = '', ...others]: readonly string[]): readonly string[] {
  return unitsNamed(first).filter(unit => others.every(name => findConversion(unit, name) !== undefined))
}

function nameUnit(names: readonly string[], { path }: SampleField, note: string): FoundUnit {
  const [unit, ...others] = findMeanings(names)
  const question = `"${names[0]}" of "${path}"`
  if (unit === undefined) return { note: `which unit of Sluice is ${question}?` }
  return others.length === 0 ? { unit, note } : { note: `is ${question} ${formatList([unit, ...others])}?` }
}
