/** Chooses the field with the time of the measurement, by values that are recent, and differ from record to record. Pure. */
import type { Epoch } from '../../mapping/mapping.ts'
import { readTime } from '../../mapping/read-time.ts'
import { hasMonthWord } from '../../mapping/time-forms.ts'
import { getParent, lastWords } from './field-names.ts'
import { listPaths, type SampleField } from './sample-fields.ts'

/** Times in milliseconds since 1970, by record; undefined where there is none between 2000 and tomorrow. */
export type Times = readonly (number | undefined)[]

/** Form of times: the zone of those that name none, or the unit of numbers. */
interface Form {
  readonly timeZone?: string
  readonly epoch?: Epoch
}

/** Field whose values are times. */
export interface TimeField extends SampleField {
  readonly form: Form
  readonly times: Times
}

export interface GuessedTime {
  readonly field?: TimeField
  readonly note: string
}

const listForms = (timeZone: string): readonly Form[] => [
  {},
  { timeZone },
  ...(['s', 'ms', 'us', 'ns'] as const).map(epoch => ({ epoch })),
]
const HOUR_MS = 3_600_000
const FIRST_MS = Date.parse('2000-01-01T00:00:00Z')
/** Age of numbers that are times without a name that says so, because a counter can have the same magnitude. */
const YOUNG_MS = 2 * 365 * 24 * HOUR_MS
/** Number of values that show whether they change. */
const ENOUGH = 3
/** Share of values that must be times, and share of those of another field that must differ, from 0 to 1. */
const MOST = 0.9

/** Words of names of times, which decide only about numbers that are few or old. */
const TIME_WORD =
  /(^| )(t|ts|tst|bt|at|dt|when|seen|datum|epoch|utc|observed|measured|updated?|zeit\w*|\w*(time|stamp|date|zeit))( |$)/

/** Returns the fields whose values are times between 2000 and tomorrow. @param timeZone zone of times that name none */
export function findTimes(
  fields: readonly SampleField[],
  nowMs: number,
  timeZone: string,
): readonly TimeField[] {
  return fields.flatMap(field => {
    const forms = listForms(timeZone).map(form => ({
      ...field,
      form,
      times: field.values.map(toTime(form, nowMs)),
    }))
    const found = forms.find(({ times }) => listKnown(times).length >= Math.max(1, field.count * MOST))
    if (found === undefined) return []
    const known = listKnown(found.times)
    const isYoung = known.length >= ENOUGH && Math.min(...known) > nowMs - YOUNG_MS && new Set(known).size > 1
    return found.form.epoch && !isYoung && !TIME_WORD.test(lastWords(field)) ? [] : [found]
  })
}

const toTime = (form: Form, nowMs: number) => (value: unknown) => {
  const read = readTime(value, form)
  const ms = 'time' in read ? Date.parse(read.time) : Number.NaN
  return ms >= FIRST_MS && ms <= nowMs + 24 * HOUR_MS ? ms : undefined
}

const listKnown = (times: Times) => times.filter(time => time !== undefined)

/**
 * Returns the time of the measurement: of those that differ most in each entity, the earliest, because it is never after the time at
 * which its message was made.
 *
 * @param stamps times of the records in Kafka
 */
export function chooseTime(
  candidates: readonly TimeField[],
  fields: readonly SampleField[],
  subject: SampleField | undefined,
  stamps: Times,
): GuessedTime {
  const changing = candidates.map(time => ({ ...time, moments: countMoments(time, subject) }))
  const most = Math.max(1, MOST * Math.max(...changing.map(({ moments }) => moments)))
  const timeless = fields.filter(field => candidates.every(({ path }) => path !== field.path))
  // An object that has nothing but times is about something else than the record.
  const isApart = (time: TimeField) => !timeless.some(({ path }) => path.startsWith(getParent(time.path)))
  const [field, ...others] = changing
    .filter(({ moments }) => moments >= most)
    .toSorted((a, b) => Number(isApart(a)) - Number(isApart(b)) || compareTimes(a.times, b.times))
  if (field === undefined) return { note: describeNoTime(candidates, fields, stamps) }
  const { form, path, times } = field
  const clock =
    describeHours(times, stamps, 'the record in Kafka') ??
    candidates.map(other => describeHours(times, other.times, `"${other.path}"`)).find(Boolean)
  const notes = [
    form.epoch && 'unit guessed from the size of the numbers',
    form.timeZone && !clock && `"${path}" names no zone: is it in ${form.timeZone}?`,
    clock,
    others.length > 0 && `is it that of the measurement, and not ${listPaths(others, ' or ')}?`,
  ]
  return { field, note: notes.filter(Boolean).join('; ').replaceAll('?;', '?') }
}

/** Returns the number of different times of all entities together; 0 if the records show that they do not change. */
function countMoments({ times }: TimeField, subject: SampleField | undefined): number {
  const known = [...times.keys()].filter(index => times[index] !== undefined)
  const ofEntities = [...Map.groupBy(known, index => subject?.values[index]).values()]
  const moments = ofEntities.map(all => new Set(all.map(index => times[index])).size)
  const isConstant = moments.every(count => count === 1) && ofEntities.some(all => all.length >= ENOUGH)
  return isConstant ? 0 : moments.reduce((sum, count) => sum + count, 0)
}

/** Returns whether times are earlier or later than others in most records, as the sign of a number. */
function compareTimes(a: Times, b: Times): number {
  const signs = a.map((time = Number.NaN, index) => Math.sign(time - (b[index] ?? time)) || 0)
  return signs.reduce((sum, sign) => sum + sign, 0)
}

const CLOCKS_DIFFER_MS = 180_000

/** Returns the question about a clock that differs by whole or half hours from another one in nearly all records. */
function describeHours(times: Times, others: Times, what: string): string | undefined {
  const known = times
    .map((time = Number.NaN, index) => time - (others[index] ?? Number.NaN))
    .filter(Number.isFinite)
  const hours = Math.round((2 * (known[0] ?? 0)) / HOUR_MS) / 2
  const equal = known.filter(ms => Math.abs(ms - hours * HOUR_MS) < CLOCKS_DIFFER_MS)
  if (Math.abs(hours) < 1 || Math.abs(hours) > 14 || equal.length < known.length * MOST) return undefined
  return `${Math.abs(hours)} h ${hours > 0 ? 'ahead of' : 'behind'} ${what}: is it in another zone?`
}

/** Matches dates, and times of a day, as people write them. */
const DATE = /^\d{1,4}[-./]\d{1,2}[-./]\d{1,4}\b|^\d{1,2}[.:]\d{2}([.:]\d{2})?( ?[ap]m)?$/i

/** Returns the fields of dates and times that a mapping does not read. */
export function findUnreadTimes(fields: readonly SampleField[]): readonly SampleField[] {
  return fields.filter(
    ({ kind, distinct }) =>
      kind === 'text' && [...distinct].every(text => DATE.test(text) || hasMonthWord(text)),
  )
}

function describeNoTime(times: readonly TimeField[], fields: readonly SampleField[], stamps: Times): string {
  const unread = listPaths(findUnreadTimes(fields), ' and ')
  const constant = listPaths(times, ' and ')
  const changing = constant ? `${constant} does not change` : 'no field is a time'
  const reason = unread ? `a mapping reads no date with a time of day in ${unread}` : changing
  const isSure = !unread && !constant && listKnown(stamps).length > 0
  return `the time of the record, because ${reason}${isSure ? '' : ': is it that of the measurement?'}`
}
