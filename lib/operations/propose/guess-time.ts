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

/** Names of times by rank, the most likely ones first. The time at which a server took a record is not that of the measurement. */
const NAMES = [
  /^(data |sensor |device )?(time ?stamp|tmstamp|ts|time|date ?time|dt|event time|zeit|zeitstempel|zeitpunkt|messzeit)$/,
  /^(measured|recorded|observed|sampled|read|sample|measurement|occurred|source|rec|obs)( |$)(?!.*(id|name)$)/,
  /( at| on| time| time ?stamp| ts| date| seen| updated?)$|^(at|when|t|bt|date|datum|epoch|utc|unix|created|updated)$|^(time ?stamp|ts|time|date) |^(heure|fecha|tijd)$/,
] as const
const OF_SERVER =
  /(^| )(received?|rx|server|enqueued|ingest(ed|ion)?|arrival|gateway|gw|ns|published|created|updated?|stored|processed|inserted|start|end|last)( |$)/
/** Words at the end of a name that say the form of a time. */
const FORM =
  /^(ms|s|us|ns|utc|gmt|local|unix|epoch|iso|iso8601|8601|millis|seconds?|milliseconds?|nano|nanos|micros)$/

/** Share of values that must be times, from 0 to 1. The records with other values are refused. */
const MOST_ARE_TIMES = 0.9

export function guessTime(fields: readonly SampleField[]): GuessedTime {
  const times = fields.flatMap(field => {
    const form = findForm(field)
    const rank = rankName(field)
    // Numbers are times only by their names, because a counter can have the same magnitude.
    const isOther = form?.epoch !== undefined && rank >= NO_TIME
    const isConstant = field.kind === 'text' && rank > 1 && field.count > 2 && field.distinct.size === 1
    return form === undefined || isOther || isConstant ? [] : [{ field, rank, ...form }]
  })
  const [first, ...others] = times.toSorted((a, b) => b.field.count - a.field.count || a.rank - b.rank)
  if (first !== undefined) {
    const { rank, ...time } = first
    return { ...time, reason: describeForm(time), others: others.map(({ field }) => field) }
  }
  const unclear = fields.find(field => field.kind === 'text' && rankName(field) < NO_TIME)
  return {
    reason: unclear
      ? `the time of the record, because ${JSON.stringify(unclear.path)} is not a date with a time of day that a mapping reads`
      : 'the time of the record, because no field is a time',
    others: unclear ? [unclear] : [],
  }
}

const NO_TIME = 10

/** Returns how likely a name is that of the time: 0 for the most likely ones, and `NO_TIME` for others. */
function rankName(field: SampleField): number {
  const words = lastWords(field)
  const each = words.split(' ')
  const bare = each.slice(0, each.findLastIndex(word => !FORM.test(word)) + 1).join(' ')
  const rank = NAMES.findIndex(name => name.test(words) || name.test(bare))
  if (rank < 0) return NO_TIME
  return rank + (OF_SERVER.test(words) ? 3 : 0)
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

/** Units by the number of the year 2000. Numbers beyond 2040 are other counters. */
const EPOCHS: readonly (readonly [least: number, epoch: Epoch])[] = [
  [9.4e17, 'ns'],
  [9.4e14, 'us'],
  [9.4e11, 'ms'],
  [9.4e8, 's'],
]
const LAST = 2.35

function findEpoch(values: readonly unknown[]): Epoch | undefined {
  const found = new Set(
    values.map(
      value => EPOCHS.find(([least]) => Number(value) >= least && Number(value) < least * LAST)?.[1],
    ),
  )
  const [epoch, ...others] = [...found].filter(form => form !== undefined)
  return others.length === 0 ? epoch : undefined
}

function describeForm({ timeZone, epoch, field }: Form & { readonly field: SampleField }): string {
  if (epoch !== undefined) return 'unit guessed from the size of the numbers'
  return timeZone === undefined ? '' : `"${field.path}" names no zone: is it in UTC?`
}
