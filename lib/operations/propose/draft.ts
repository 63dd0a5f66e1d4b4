/** Drafts a family and a mapping for sample records. Pure. */
import type { ForeignDocument } from '../../mapping/apply-mapping.ts'
import { count } from '../../support/count.ts'
import {
  assignRoles,
  explainUnused,
  findNamedMetric,
  type NamedMetricFields,
  type Role,
} from './assign-roles.ts'
import { createNames } from './field-names.ts'
import { findNamePattern, type GuessedEntity, guessEntity, isConstant, isEqual } from './guess-entity.ts'
import { chooseTime, findTimes, findUnreadTimes, type GuessedTime } from './guess-time.ts'
import { describeContext, describeFields, isMissing, type SampleField } from './sample-fields.ts'
import { findUnitFields, findUnits, type RecordUnits } from './units.ts'
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
  /** Timestamp of the record in Kafka. */
  readonly time?: string
  /** Row of units of a CSV file, by column. */
  readonly units?: Readonly<Record<string, unknown>>
}

/** Records of one shape. */
export interface Sample {
  readonly name: string
  readonly all: readonly SampleRecord[]
  readonly nowMs: number
  /** CloudEvents type of the records; undefined if they are not CloudEvents. */
  readonly eventType: string | undefined
  /** True if states are enough for a reading. */
  readonly hasStates: boolean
}

interface Guesses extends Sample {
  readonly fields: readonly SampleField[]
  readonly time: GuessedTime
  readonly entity: GuessedEntity
  readonly units: RecordUnits
  readonly inRole: (role: Role) => readonly SampleField[]
}

/** Attributes of a CloudEvent that describe the event, not the entity. */
const ATTRIBUTES = ['specversion', 'id', 'type', 'datacontenttype', 'dataschema']

/** Returns a draft; undefined if no field of the records is a number that can be a metric, or a state where those are enough. */
export function proposeDraft(sample: Sample): Draft | undefined {
  const { all, eventType } = sample
  const records = all.map(({ record }) => record)
  const fields = describeFields(records).filter(({ path }) => !eventType || !ATTRIBUTES.includes(path))
  const times = findTimes(fields, sample.nowMs)
  const moments = [...times.map(({ field }) => field), ...findUnreadTimes(fields)]
  const timeless = fields.filter(field => !moments.includes(field))
  const unitFields = findUnitFields(timeless)
  const names = timeless.filter(field => !unitFields.includes(field))
  const entity = guessEntity(names, records.length, describeContext(records))
  const stamps = all.map(({ time }) => (time === undefined ? undefined : Date.parse(time)))
  const time = chooseTime(times, fields, entity.subject, stamps)
  const rest = timeless.filter(field => field !== entity.subject && field !== entity.group)
  const roles = assignRoles(rest, entity.subject)
  const metrics = roles.get('metric') ?? []
  if (metrics.length === 0 && !(sample.hasStates && roles.has('state'))) return undefined
  const named = findNamedMetric(roles)
  const units = findUnits(metrics, named ? [] : unitFields, all.find(({ units }) => units)?.units)
  const usual = units.fixed.reduce(selectUsual, [...all.keys()])
  if (usual.length < all.length)
    return proposeDraft({ ...sample, all: usual.map(index => all[index] as SampleRecord) })
  const inRole = (role: Role) =>
    (roles.get(role) ?? []).filter(field => field !== units.converting && !units.fixed.includes(field))
  const guesses = { ...sample, fields, time, entity, units, inRole }
  const others = moments.filter(field => field !== time.field)
  return {
    ...(named ? { mapping: draftNamed(guesses, named) } : draftFamily(guesses)),
    unused: new Map([...explainUnused(roles), ...others.map(({ path }) => [path, 'another time'] as const)]),
    metrics: metrics.length,
    records: records.length,
  }
}

/** Returns the records with the most frequent unit, or without any. A record with another one would be read wrongly. */
function selectUsual(indexes: number[], { values }: SampleField): number[] {
  const units = Map.groupBy(indexes, index => values[index])
  const without = units.get(undefined) ?? []
  units.delete(undefined)
  const [usual = []] = [...units.values()].toSorted((a, b) => b.length - a.length)
  return [...usual, ...without].toSorted((a, b) => a - b)
}

function draftFamily(guesses: Guesses): Pick<Draft, 'family' | 'mapping'> {
  const { name: own, all, entity, inRole, units } = guesses
  const { subject, group, note } = entity
  const unit = units.converting
  const choose = createNames()
  const device = choose(subject?.label ?? 'name')
  const place = group && choose(group.label, true)
  const list = (role: Role) =>
    inRole(role).map(field => ({ field, key: choose(field.label, role === 'tag') }))
  const [coordinates, metrics] = [list('coordinate'), list('metric')]
  const [states, tags] = [list('state'), list('tag')]
  const isOnly = metrics.length + states.length === 1
  const source = `/${own}${place ? `/{${place}}` : ''}`
  const groups =
    group && `guessed: the same in all records of an entity, ${count(group.distinct.size, 'value')}`
  return {
    family: [
      ['family', own],
      ['description', `Readings of ${own}`],
      {
        section: 'entity',
        entries: [
          ['source', source, groups],
          ['subject', `{${device}}`, note],
        ],
      },
      { section: 'fields', entries: coordinates.map(({ key }) => [key, toDegrees(key)]) },
      {
        section: 'metrics',
        entries: metrics.map(({ field, key }) => {
          const { note = '', ...unit } = units.byMetric.get(field) ?? {}
          return [key, unit, `${field.range}; ${note}`]
        }),
      },
      { section: 'states', entries: states.map(({ field, key }) => [key, 'any', describeState(field)]) },
      ...(tags.length > 0 ? [['tags', tags.map(({ key }) => key)] as const] : []),
    ],
    mapping: draftMapping(guesses, own, [
      [device, ...identify(subject, own, note)],
      ...(group && place ? [[place, readText(group, true)] as const] : []),
      ...(unit ? [['unit', readText(unit), describeConversion(unit, all.length)] as const] : []),
      ...coordinates.map(
        ({ field, key }) => [key, toSource(field.from, field.how, field.absent), ask(field)] as const,
      ),
      ...metrics.map(
        ({ field, key }) =>
          [key, toSource(field.from, field.how, isOnly ? [] : field.absent), ask(field)] as const,
      ),
      ...states.map(({ field, key }) => [key, readText(field)] as const),
      ...tags.map(({ field, key }) => [`tags.${key}`, readText(field)] as const),
    ]),
  }
}

function toDegrees(key: string): object {
  const most = /^lat|Lat/.test(key) ? 90 : 180
  return { type: 'number', min: -most, max: most }
}

function describeState({ distinct }: SampleField): string {
  const values = [...distinct].map(value => JSON.stringify(value.slice(0, 40))).join(', ')
  return `in the sample: ${values}. A list of values instead of any refuses all others`
}

function describeConversion(unit: SampleField, records: number): string {
  return unit.count < records
    ? `are the values of the ${count(records - unit.count, 'record')} without it in the units of the family?`
    : 'metrics are converted from it to the units of the family'
}

/** Drafts the mapping of records that name their metric, to the family `metrics`. */
function draftNamed(guesses: Guesses, { name, values }: NamedMetricFields): readonly DraftEntry[] {
  const { entity, inRole, all } = guesses
  const { subject, group, note } = entity
  const texts = [...inRole('state'), ...inRole('tag')].filter(
    field => !values.includes(field) && !isEqual(field, name),
  )
  const units = findUnitFields(texts)
  const isSystem = (field: SampleField) => field.count === all.length && !units.includes(field)
  const system = group ?? texts.find(field => isSystem(field) && isConstant(field, subject))
  const choose = createNames([])
  const notes = [
    `${count(name.distinct.size, 'name')} in the sample; any other is a metric, too`,
    ...values.map(ask),
  ]
  const tags = texts.filter(field => field !== system)
  const fields = [
    ['system', ...identify(system, guesses.name, 'guessed: the same in all records of an instance')] as const,
    ['instance', ...identify(subject, guesses.name, note)] as const,
    ...tags.map(field => [`tags.${choose(field.label)}`, readText(field)] as const),
  ]
  const metric = { name: name.from, value: readValue(values) }
  return draftMapping(guesses, 'metrics', fields, name, ['metric', metric, notes.filter(Boolean).join('; ')])
}

/** @param name field with the name of the metric, of which `metric` is the entry */
function draftMapping(
  guesses: Guesses,
  family: string,
  fields: readonly DraftEntry[],
  name?: SampleField,
  metric?: DraftEntry,
): readonly DraftEntry[] {
  const { field, form, note } = guesses.time
  const time = field ? { from: field.from, ...form } : 'record'
  return [
    ['family', family],
    { section: 'when', entries: draftCondition(guesses, name) },
    ['time', field && field.count < guesses.all.length ? [time, 'record'] : time, note],
    ...(metric ? [metric] : []),
    { section: 'fields', entries: fields },
  ]
}

/** Drafts the condition: the fields that identify a record, a number, and the units that the family has from the records. */
function draftCondition(guesses: Guesses, name: SampleField | undefined): readonly DraftEntry[] {
  const { all, eventType, fields, time, entity, units, inRole } = guesses
  const isAlways = (field: SampleField | undefined) => field?.count === all.length
  const fixed = units.fixed.filter(isAlways).map(({ path, values }) => [path, values[0]] as const)
  const equals = Object.fromEntries(eventType ? [['type', eventType] as const, ...fixed] : fixed)
  const note = fixed.length > 0 ? 'records with other units need a mapping of their own' : undefined
  const condition = Object.keys(equals).length > 0 ? [['equals', equals, note] as const] : []
  if (eventType) return condition
  const identity = [entity.subject, entity.group, time.field, name].filter(isAlways)
  const number = fields.find(field => field.kind === 'number' && isAlways(field))
  // Without the only metric, there is nothing to read.
  const [only, ...others] = name ? [] : [...inRole('metric'), ...inRole('state')]
  const chosen = [...identity, identity.length < 2 ? number : undefined, others.length > 0 ? undefined : only]
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
