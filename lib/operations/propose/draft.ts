/** Decides what the fields of sample records are in readings, and drafts a family and a mapping with them. Pure. */
import type { ForeignDocument } from '../../mapping/apply-mapping.ts'
import { count } from '../../support/count.ts'
import { createNames, GENERIC, lastWords, STATE } from './field-names.ts'
import { findNamePattern, type GuessedEntity, guessEntity, isConstant, isEqual } from './guess-entity.ts'
import { chooseTime, findTimes, findUnreadTimes, type GuessedTime } from './guess-time.ts'
import { describeContext, describeFields, isMissing, type SampleField } from './sample-fields.ts'
import { findUnit, findUnitFields, findUnits, type RecordUnits } from './units.ts'
import type { DraftEntry } from './write-draft.ts'

export interface Draft {
  /** Undefined if the records name their metric: they become readings of the family `metrics`. */
  readonly family?: readonly DraftEntry[]
  readonly mapping: readonly DraftEntry[]
  /** Reasons why readings do not have a field, by its path. */
  readonly unused: ReadonlyMap<string, string>
  readonly metrics: number
  /** Number of records for which the draft is. */
  readonly records: number
}

/** Record of a sample. */
export interface SampleRecord {
  readonly record: ForeignDocument
  /** Timestamp of the record in Kafka; negative if it has none. */
  readonly timestampMs: number
  /** Row of units of a CSV file, by column. */
  readonly units?: Readonly<Record<string, unknown>> | undefined
}

/** Records of one shape. */
export interface Sample {
  readonly name: string
  readonly all: readonly SampleRecord[]
  readonly nowMs: number
  /** Zone of times that name none. */
  readonly timeZone: string
  /** CloudEvents type of the records; undefined if they are not CloudEvents. */
  readonly eventType: string | undefined
}

interface Guesses extends Sample {
  readonly fields: readonly SampleField[]
  readonly time: GuessedTime
  readonly entity: GuessedEntity
  readonly named: NamedMetricFields | undefined
  readonly units: RecordUnits
  readonly inRole: (role: Role) => readonly SampleField[]
  /** Question for a draft that may not use what is measured. */
  readonly doubt: string | undefined
}

/** Attributes of a CloudEvent that describe the event, not the entity. */
const ATTRIBUTES = ['specversion', 'id', 'type', 'datacontenttype', 'dataschema']

/** Returns a draft; undefined if no field of the records is a number that can be a metric, or a state. */
export function proposeDraft(sample: Sample): Draft | undefined {
  const { all, eventType } = sample
  const records = all.map(({ record }) => record)
  const fields = describeFields(records).filter(({ path }) => !eventType || !ATTRIBUTES.includes(path))
  const times = findTimes(fields, sample.nowMs, sample.timeZone)
  const moments = [...times, ...findUnreadTimes(fields)].map(({ path }) => path)
  const timeless = fields.filter(({ path }) => !moments.includes(path))
  const unitFields = findUnitFields(timeless)
  const names = timeless.filter(field => !unitFields.includes(field))
  const entity = guessEntity(names, records.length, describeContext(records))
  const stamps = all.map(({ timestampMs }) => (timestampMs < 0 ? undefined : timestampMs))
  const time = chooseTime(times, fields, entity.subject, stamps)
  const roles = assignRoles(timeless, entity.subject)
  const metrics = roles.get('metric') ?? []
  if (metrics.length === 0 && !roles.has('state')) return undefined
  const named = findNamedMetric(roles)
  const units = findUnits(metrics, named ? [] : unitFields, all.find(({ units }) => units)?.units)
  const mixed = units.fixed.find(({ distinct }) => distinct.size > 1)
  // A record with another unit would be read wrongly.
  const isUsual = (value: unknown) => value === undefined || String(value) === (mixed && findUnit(mixed))
  if (mixed) return proposeDraft({ ...sample, all: all.filter((_, index) => isUsual(mixed.values[index])) })
  const inRole = (role: Role) =>
    (roles.get(role) ?? []).filter(field => field !== units.converting && !units.fixed.includes(field))
  const unused = [...roles].flatMap(([role, fields]) =>
    ROLES.some(known => known === role) ? [] : fields.map(({ path }) => [path, role] as const),
  )
  const isMeasuring = metrics.some(({ distinct }) => distinct.size > 1) || records.length === 1
  const unknown = unused.map(([path]) => `"${path}"`).join(' or ')
  const doubt =
    isMeasuring || !unknown ? undefined : `no metric changes in the sample: is the measurement in ${unknown}?`
  const guesses = { ...sample, fields, time, entity, named, units, inRole, doubt }
  const others = moments.filter(path => path !== time.field?.path)
  return {
    ...(named ? { mapping: draftNamed(guesses, named) } : draftFamily(guesses)),
    unused: new Map([...unused, ...others.map(path => [path, 'another time'] as const)]),
    metrics: metrics.length,
    records: records.length,
  }
}

function draftFamily(guesses: Guesses): Pick<Draft, 'family' | 'mapping'> {
  const { name: own, all, entity, inRole, units } = guesses
  const { subject, note } = entity
  const unit = units.converting
  const question = 'are the values without it in the units of the family?'
  const choose = createNames()
  const device = choose(subject?.label ?? 'name')
  const list = (role: Role) =>
    inRole(role).map(field => ({ field, key: choose(field.label, role === 'tag') }))
  const [coordinates, metrics] = [list('coordinate'), list('metric')]
  const [states, tags] = [list('state'), list('tag')]
  return {
    family: [
      ['family', own],
      ['description', `Readings of ${own}`],
      {
        section: 'entity',
        entries: [
          ['source', `/${own}`],
          ['subject', `{${device}}`, note],
        ],
      },
      { section: 'fields', entries: coordinates.map(({ key }) => [key, { type: 'number' }]) },
      {
        section: 'metrics',
        entries: metrics.map(({ field, key }) => {
          const { note = '', ...unit } = units.byMetric.get(field) ?? {}
          return [key, unit, [field.range, note, askCounter(field, subject)].filter(Boolean).join('; ')]
        }),
      },
      { section: 'states', entries: states.map(({ field, key }) => [key, 'any', describeState(field)]) },
      ...(tags.length > 0 ? [['tags', tags.map(({ key }) => key)] as const] : []),
    ],
    mapping: draftMapping(guesses, own, [
      {
        section: 'fields',
        entries: [
          [device, ...identify(subject, own, note)],
          ...(unit ? [['unit', readText(unit), unit.count < all.length ? question : ''] as const] : []),
          ...[...coordinates, ...metrics].map(
            ({ field, key }) => [key, toSource(field.from, field.how, field.absent), ask(field)] as const,
          ),
          ...states.map(({ field, key }) => [key, readText(field)] as const),
          ...tags.map(({ field, key }) => [`tags.${key}`, readText(field)] as const),
        ],
      },
    ]),
  }
}

function describeState({ distinct }: SampleField): string {
  const values = [...distinct].map(value => JSON.stringify(value.slice(0, 40))).join(', ')
  return `in the sample: ${values}. A list of values instead of any refuses all others`
}

/** Drafts the mapping of records that name their metric, to the family `metrics`. */
function draftNamed(guesses: Guesses, { name, values }: NamedMetricFields): readonly DraftEntry[] {
  const { entity, inRole, all } = guesses
  const texts = [...inRole('state'), ...inRole('tag')].filter(
    field => !values.includes(field) && !isEqual(field, name),
  )
  const units = findUnitFields(texts)
  const always = texts.filter(field => field.count === all.length && !units.includes(field))
  const system = always.find(field => field.kind === 'text' && isConstant(field, entity.subject))
  const choose = createNames([])
  const names = `${count(name.distinct.size, 'name')} in the sample; any other is a metric, too`
  const note = [names, ...values.map(ask)].filter(Boolean).join('; ')
  const tags = texts.filter(field => field !== system)
  const fields = [
    ['system', ...identify(system, guesses.name, 'guessed: the same in all records of an instance')] as const,
    ['instance', ...identify(entity.subject, guesses.name, entity.note)] as const,
    ...tags.map(field => [`tags.${choose(field.label)}`, readText(field)] as const),
  ]
  const metric = ['metric', { name: name.from, value: readValue(values) }, note] as const
  return draftMapping(guesses, 'metrics', [metric, { section: 'fields', entries: fields }])
}

function draftMapping(
  guesses: Guesses,
  family: string,
  sources: readonly DraftEntry[],
): readonly DraftEntry[] {
  const { field, note } = guesses.time
  const time = field ? { from: field.from, ...field.form } : 'record'
  return [
    ['family', family, guesses.doubt],
    { section: 'when', entries: draftCondition(guesses) },
    ['time', field && field.count < guesses.all.length ? [time, 'record'] : time, note],
    ...sources,
  ]
}

/** Drafts the condition: the fields that identify a record, a number, and the units that the family has from the records. */
function draftCondition(guesses: Guesses): readonly DraftEntry[] {
  const { all, eventType, fields, time, entity, named, units } = guesses
  const isAlways = (field: SampleField | undefined) => field?.count === all.length
  const fixed = units.fixed.filter(isAlways).map(({ path, values }) => [path, values[0]] as const)
  const equals = Object.fromEntries(eventType ? [['type', eventType] as const, ...fixed] : fixed)
  const note = fixed.length > 0 ? 'records with other units need a mapping of their own' : undefined
  const condition = Object.keys(equals).length > 0 ? [['equals', equals, note] as const] : []
  if (eventType) return condition
  const identity = [entity.subject, time.field, named?.name].filter(isAlways)
  const number = fields.find(field => field.kind === 'number' && isAlways(field))
  const chosen = identity.length < 2 ? [...identity, number] : identity
  const has = [...new Set(chosen.flatMap(field => field?.from ?? []))]
  return [...(has.length > 0 ? [['has', has] as const] : []), ...condition]
}

/** Number and length of values that are listed as absent. */
const MAX_ABSENT = 5
const MAX_LENGTH = 40

/** Returns the source of a field in its short form if it has one. */
function toSource(from: unknown, how: object, absent: readonly unknown[] = []): unknown {
  const isShort = (value: unknown) => typeof value !== 'object' && String(value).length < MAX_LENGTH
  const isListed = absent.length <= MAX_ABSENT && absent.every(isShort)
  const whole = { from, ...how, ...(absent.length === 0 ? {} : isListed ? { absent } : { orElse: 'absent' }) }
  return Object.keys(whole).length === 1 ? from : whole
}

/**
 * Returns the source of a text. Numbers and truth values are converted.
 *
 * @param isRequired true if readings cannot be without it, so that the record is refused with the reason
 */
function readText({ from, values, kind, absent }: SampleField, isRequired = false): unknown {
  const isText = values.every(value => value === undefined || typeof value === 'string')
  return toSource(from, isText ? {} : { as: 'text' }, kind === 'number' || isRequired ? [] : absent)
}

/** Returns the source of a field that identifies an entity, and its comment. @param name name of the sample if the records have none */
function identify(field: SampleField | undefined, name: string, note: string) {
  if (field === undefined) return [{ constant: name }, note] as const
  const pattern = findNamePattern(field)
  return [pattern === undefined ? readText(field, true) : { from: field.from, pattern }, note] as const
}

/** Returns the source of the value of a named metric. A record without a number has no reading, so that no value is absent. */
function readValue(values: readonly SampleField[]): unknown {
  const field = values.find(({ kind }) => kind === 'number')
  const hasTexts = values.some(sampled => sampled.values.some(value => typeof value === 'string'))
  const from = values.map(({ from }) => from)
  return toSource(from.length > 1 ? from : from[0], { ...(hasTexts ? { as: 'number' } : {}), ...field?.how })
}

/** Returns the question about numbers and texts that may stand for a missing value. */
function ask({ absent }: SampleField): string | undefined {
  const shown = absent.filter(value => !isMissing(value)).map(value => String(value).slice(0, MAX_LENGTH))
  return shown.length > 0 ? `does ${shown.slice(0, 3).join(', ')} stand for a missing value?` : undefined
}

/** Number of records below which numbers may rise by chance. */
const FEWEST = 20

/** Returns the question about numbers that never fall within an entity, as those of a meter do not. */
function askCounter({ values, distinct }: SampleField, subject: SampleField | undefined): string | undefined {
  const numbers = values.flatMap((value, index) =>
    value === undefined ? [] : [{ value: Number(value), of: subject?.values[index] }],
  )
  const series = [...Map.groupBy(numbers, ({ of }) => of).values()]
  const rises = series.every(own =>
    own.slice(1).every(({ value }, index) => value >= (own[index]?.value ?? 0)),
  )
  if (!rises || numbers.length < FEWEST || distinct.size <= series.length) return undefined
  return `it never falls in ${numbers.length} records: does it count up (is: counter)?`
}

const ROLES = ['metric', 'coordinate', 'state', 'tag'] as const

type Role = (typeof ROLES)[number]
/** Fields by their role, or by the reason why readings do not have them. */
type Roles = ReadonlyMap<string, readonly SampleField[]>

const MAX_STATES = 10
const COORDINATE = /(^| )(lat|latitude|lon|lng|long|longitude)$/
const TAG =
  /(^| )(id|version|firmware|fw|port|code|serial|zip|plz|register|address|addr|channel|slave|floor|etage|stockwerk|baujahr|year)( (nr|no|number|version))?$/

/** @param subject field that names the entity */
function assignRoles(fields: readonly SampleField[], subject: SampleField | undefined): Roles {
  const others = fields.filter(field => field !== subject)
  return Map.groupBy(others, field => {
    const { kind, distinct, count } = field
    const words = lastWords(field)
    const isLabel = /(^|[.])(tags|labels)[.]/.test(field.path)
    if (kind === 'list') return 'not a single value'
    if (kind === 'number') {
      const numbers = [...distinct].map(Number)
      if (COORDINATE.test(words) && numbers.every(number => !(Math.abs(number) > 180))) return 'coordinate'
      if (STATE.test(words) && distinct.size <= MAX_STATES && numbers.every(Number.isInteger)) return 'state'
      return isLabel || TAG.test(words) ? 'tag' : 'metric'
    }
    if (subject && distinct.size > 1 && isEqual(field, subject)) return 'the same as the entity'
    if (isLabel) return 'tag'
    const isNamedState = STATE.test(words)
    if (kind === 'text' && distinct.size === count && count > (isNamedState ? MAX_STATES : 3))
      return 'another text in each record'
    return distinct.size <= MAX_STATES && (isNamedState || !isConstant(field, subject)) ? 'state' : 'tag'
  })
}

const METRIC_NAME =
  /^(metric|metric name|measurement|measurand|parameter|quantity|name|n|field|variable|channel|signal|sensor type|key|point|tag|messgroesse|kpi|datapoint)$/

interface NamedMetricFields {
  readonly name: SampleField
  /** Alternative fields of the value, of which the first in a record is read. */
  readonly values: readonly SampleField[]
}

/** Returns the fields with the name and the value of the metric, in records that have one metric each. */
function findNamedMetric(roles: Roles): NamedMetricFields | undefined {
  const values = roles.get('metric') ?? []
  const isName = ({ kind, path, distinct }: SampleField) =>
    kind === 'text' &&
    METRIC_NAME.test(lastWords({ label: path })) &&
    [...distinct].every(name => /^[A-Za-z_][\w.:/-]{0,99}$/.test(name))
  // The name in the same object, or the nearest one around it.
  const countCommon = ({ path }: SampleField) =>
    [...path, '.'].findIndex((letter, index) => values[0]?.path[index] !== letter)
  const [name] = [...(roles.get('state') ?? []), ...(roles.get('tag') ?? [])]
    .filter(isName)
    .toSorted((a, b) => countCommon(b) - countCommon(a))
  const isValue = ({ path }: SampleField) => GENERIC.test(lastWords({ label: path }))
  return name && values[0] && values.every(isValue) ? { name, values } : undefined
}
