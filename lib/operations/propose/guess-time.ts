/** Guesses which field of sample records is the time of the measurement, and its form. Pure. */
import type { Epoch } from '../../mapping/mapping.ts'
import { readTime } from '../../mapping/read-time.ts'
import { lastWords } from './field-names.ts'
import type { SampleField } from './sample-fields.ts'

export interface GuessedTime {
  /** Field with the time; undefined if the time of the record is used. */
  readonly field?: SampleField
  /** Zone of times that name none. */
  readonly timeZone?: string
  readonly epoch?: Epoch
  readonly reason: string
  /** Further fields with times, which a reading does not have. */
  readonly others: readonly SampleField[]
}

/** Names of times, the most likely ones apart. */
const USUAL =
  /^(data )?(timestamp|ts|time|datetime|date time|event time|time stamp|zeit|zeitstempel|zeitpunkt|messzeit)$/
const POSSIBLE =
  /( at| on| time| timestamp| ts| date)$|^(at|when|date|datum|epoch|created|updated)$|^(timestamp|time) |^(measured|recorded|observed|sampled|read|event|sample|measurement|occurred)( |$)/

/** Share of values that must be times, from 0 to 1. The records with other values are refused. */
const MOST_ARE_TIMES = 0.9

export function guessTime(fields: readonly SampleField[]): GuessedTime {
  const times = fields.flatMap(field => {
    const form = findForm(field)
    const rank = rankName(field)
    // Numbers are times only by their names, because a counter can have the same magnitude.
    return form === undefined || (form.epoch !== undefined && rank === 2) ? [] : [{ field, rank, ...form }]
  })
  const [first, ...others] = times.toSorted((a, b) => b.field.count - a.field.count || a.rank - b.rank)
  if (first !== undefined) {
    const { rank, ...time } = first
    return { ...time, reason: describeForm(time), others: others.map(({ field }) => field) }
  }
  const unclear = fields.find(field => field.kind === 'text' && rankName(field) < 2)
  return {
    reason: unclear
      ? `the time of the record, because ${JSON.stringify(unclear.path)} is not a date with a time of day that a mapping reads`
      : 'the time of the record, because no field is a time',
    others: unclear ? [unclear] : [],
  }
}

function rankName(field: SampleField): 0 | 1 | 2 {
  const words = lastWords(field)
  if (USUAL.test(words)) return 0
  return POSSIBLE.test(words) ? 1 : 2
}

type Form = Pick<GuessedTime, 'timeZone' | 'epoch'>

/** Returns the form of times in a field; undefined if most values are not times. */
function findForm({ values, count }: SampleField): Form | undefined {
  const present = values.filter(value => value !== undefined)
  const isEnough = (form: Form) =>
    present.filter(value => 'time' in readTime(value, form)).length >= count * MOST_ARE_TIMES
  if (isEnough({})) return {}
  if (isEnough({ timeZone: 'UTC' })) return { timeZone: 'UTC' }
  const epoch = findEpoch(present)
  return epoch !== undefined && isEnough({ epoch }) ? { epoch } : undefined
}

/** Number of digits before the point of a time since 1973, by unit. */
const EPOCHS: readonly (readonly [least: number, epoch: Epoch])[] = [
  [1e17, 'ns'],
  [1e14, 'us'],
  [1e11, 'ms'],
  [1e8, 's'],
]

function findEpoch(values: readonly unknown[]): Epoch | undefined {
  const found = new Set(
    values.map(
      value => EPOCHS.find(([least]) => Number(value) >= least && Number(value) < least * 1000)?.[1],
    ),
  )
  const [epoch, ...others] = [...found].filter(one => one !== undefined)
  return others.length === 0 ? epoch : undefined
}

function describeForm({ timeZone, epoch }: Form): string {
  if (epoch !== undefined) return `unit guessed from the size of the numbers`
  return timeZone === undefined ? '' : 'the times name no zone: UTC is a guess'
}
