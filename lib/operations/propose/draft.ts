/** Drafts a family and a mapping for sample records. Pure. */

import type { ForeignDocument } from '../../mapping/apply-mapping.ts'
import { count } from '../../support/count.ts'
import {
  assignRoles,
  explainUnused,
  findNamedMetric,
  type NamedMetricFields,
  type Role,
  TAG,
} from './assign-roles.ts'
import { readNumber, readText, readValue } from './draft-sources.ts'
import { FieldNames, lastWords } from './field-names.ts'
import { findNamePattern, type GuessedEntity, guessEntity, isConstant, isEqual } from './guess-entity.ts'
import { type GuessedTime, guessTime } from './guess-time.ts'
import type { GuessedUnit } from './guess-unit.ts'
import { findUnitFields, findUnits, type RecordUnits } from './record-units.ts'
import { describeContext, describeFields, type SampleField } from './sample-fields.ts'
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

/** Records of one shape. */
export interface Sample {
  readonly name: string
  readonly records: readonly ForeignDocument[]
  /** CloudEvents type of the records; undefined if they are not CloudEvents. */
  readonly eventType: string | undefined
  /** Top-level names in records of other shapes. */
  readonly otherNames: ReadonlySet<string>
  /** Row of units of a CSV file, by column. */
  readonly units?: Readonly<Record<string, unknown>> | undefined
}

interface Guesses {
  readonly sample: Sample
  readonly fields: readonly SampleField[]
  readonly time: GuessedTime
  readonly entity: GuessedEntity
  readonly units: RecordUnits
  readonly inRole: (role: Role) => readonly SampleField[]
}

/** Attributes of a CloudEvent that describe the event, not the entity. */
const ATTRIBUTES = ['specversion', 'id', 'type', 'datacontenttype', 'dataschema']

/** Returns a draft; undefined if no field of the records is a number that can be a metric. */
export function proposeDraft(sample: Sample): Draft | undefined {
  const { records, eventType } = sample
  const fields = describeFields(records).filter(
    ({ path }) => eventType === undefined || !ATTRIBUTES.includes(path),
  )
  const time = guessTime(fields)
  const timeless = fields.filter(field => ![time.field, ...time.others].includes(field))
  const entity = guessEntity(timeless, records.length, describeContext(records))
  const rest = timeless.filter(field => ![entity.subject, entity.group].includes(field))
  const withTags = assignRoles(rest, entity.subject)
  const roles = withTags.has('metric') ? withTags : assignRoles(rest, entity.subject, false)
  const metrics = roles.get('metric') ?? []
  if (metrics.length === 0) return undefined
  const named = findNamedMetric(fields, roles)
  const units = findUnits(metrics, named ? [] : findUnitFields(rest), sample.units)
  const usual = selectUsual(records, units.fixed)
  if (usual.length < records.length) return proposeDraft({ ...sample, records: usual })
  const inRole = (role: Role) =>
    (roles.get(role) ?? []).filter(field => field !== units.converting && !units.fixed.includes(field))
  const guesses = { sample, fields, time, entity, units, inRole }
  return {
    ...(named ? { mapping: draftNamed(guesses, named) } : draftFamily(guesses)),
    unused: new Map([
      ...explainUnused(roles),
      ...time.others.map(({ path }) => [path, 'another time'] as const),
    ]),
    metrics: metrics.length,
    records: records.length,
  }
}

/** Returns the records with the most frequent units, or without any. A record with others would be read wrongly. */
function selectUsual(
  records: readonly ForeignDocument[],
  fixed: readonly SampleField[],
): readonly ForeignDocument[] {
  let indexes: readonly number[] = records.map((_, index) => index)
  for (const { values } of fixed) {
    const byUnit = Map.groupBy(indexes, index => values[index])
    const [usual] = [...byUnit]
      .filter(([unit]) => unit !== undefined)
      .toSorted(([, a], [, b]) => b.length - a.length)
    indexes = indexes.filter(index => values[index] === undefined || values[index] === usual?.[0])
  }
  return indexes.map(index => records[index] as ForeignDocument)
}

function draftFamily(guesses: Guesses): Pick<Draft, 'family' | 'mapping'> {
  const { sample, entity, inRole, units } = guesses
  const { subject, group, reason } = entity
  const unit = units.converting
  const names = new FieldNames()
  const device = names.choose(subject?.label ?? 'name')
  const place = group && names.choose(group.label, true)
  const choose = (role: Role) =>
    inRole(role).map(field => ({ field, key: names.choose(field.label, role === 'tag') }))
  const [coordinates, metrics] = [choose('coordinate'), choose('metric')]
  const [states, tags] = [choose('state'), choose('tag')]
  const measured = [...metrics, ...states].map(({ field }) => field)
  const groups =
    group && `guessed: the same in all records of an entity, ${count(group.distinct.size, 'value')}`
  return {
    family: [
      { key: 'family', value: sample.name },
      { key: 'description', value: `Readings of ${sample.name}` },
      {
        key: 'entity',
        entries: [
          { key: 'source', value: `/${sample.name}${place ? `/{${place}}` : ''}`, note: groups },
          { key: 'subject', value: `{${device}}`, note: reason },
        ],
      },
      {
        key: 'fields',
        entries: coordinates.map(({ key }) => ({
          key,
          value: { type: 'number', ...toBounds(/^lat|Lat/.test(key) ? [-90, 90] : [-180, 180]) },
        })),
      },
      {
        key: 'metrics',
        entries: metrics.map(({ field, key }) => draftMetric(field, key, units.byMetric.get(field))),
      },
      {
        key: 'states',
        entries: states.map(({ field, key }) => ({ key, value: 'any', note: describeState(field) })),
      },
      ...(tags.length > 0 ? [{ key: 'tags', value: tags.map(({ key }) => key) }] : []),
    ],
    mapping: draftMapping(guesses, sample.name, [
      { key: device, ...identify(subject, sample, reason) },
      ...(group && place ? [{ key: place, value: readText(group, true) }] : []),
      ...(unit ? [{ key: 'unit', value: readText(unit), note: describeUnitField(unit, sample) }] : []),
      ...[...coordinates, ...metrics].map(({ field, key }) => ({
        key,
        value: readNumber(field, measured.length === 1 && measured.includes(field)),
        ...ask(field),
      })),
      ...states.map(({ field, key }) => ({ key, value: readText(field) })),
      ...tags.map(({ field, key }) => ({ key: `tags.${key}`, value: readText(field), ...ask(field, true) })),
    ]),
  }
}

/** Drafts the mapping of records that name their metric, to the family `metrics`. */
function draftNamed(guesses: Guesses, { name, values }: NamedMetricFields): readonly DraftEntry[] {
  const { sample, entity, inRole } = guesses
  const { subject, group, reason } = entity
  const texts = [...inRole('state'), ...inRole('tag')].filter(
    field => !values.includes(field) && !isEqual(field, name),
  )
  const units = findUnitFields(texts)
  const isSystem = (field: SampleField) => field.count === sample.records.length && !units.includes(field)
  const system = group ?? texts.find(field => isSystem(field) && isConstant(field, subject))
  const names = new FieldNames([])
  const metric = {
    key: 'metric',
    value: { name: name.path, value: readValue(values) },
    note: `${count(name.distinct.size, 'name')} in the sample; any other is a metric, too`,
  }
  const fields = [
    { key: 'system', ...identify(system, sample, 'guessed: the same in all records of an instance') },
    { key: 'instance', ...identify(subject, sample, reason) },
    ...texts
      .filter(field => field !== system)
      .map(field => ({ key: `tags.${names.choose(field.label)}`, value: readText(field) })),
  ]
  return draftMapping(guesses, 'metrics', fields, { name, metric })
}

function draftMapping(
  guesses: Guesses,
  family: string,
  fields: readonly DraftEntry[],
  named?: { readonly name: SampleField; readonly metric: DraftEntry },
): readonly DraftEntry[] {
  const { time, sample } = guesses
  const { field, timeZone, epoch, reason } = time
  const source = field && { from: field.path, ...(timeZone ? { timeZone } : {}), ...(epoch ? { epoch } : {}) }
  const value = source && field.count < sample.records.length ? [source, 'record'] : (source ?? 'record')
  return [
    { key: 'family', value: family },
    { key: 'when', entries: draftCondition(guesses, named?.name) },
    { key: 'time', value, note: reason || undefined },
    ...(named ? [named.metric] : []),
    { key: 'fields', entries: fields },
  ]
}

/**
 * Drafts the condition: the fields that identify a record, a number if there is only one, a field that no other shape has, and the
 * units that the family has from the records.
 */
function draftCondition(
  { sample, fields, time, entity, units, inRole }: Guesses,
  named: SampleField | undefined,
): readonly DraftEntry[] {
  const { records, eventType, otherNames } = sample
  const isEverywhere = ({ count }: SampleField) => count === records.length
  const fixed = units.fixed.filter(isEverywhere).map(({ path, values }) => [path, values[0]])
  const equals = Object.fromEntries(eventType === undefined ? fixed : [['type', eventType], ...fixed])
  const note = fixed.length > 0 ? 'records with other units need a mapping of their own' : undefined
  const condition = Object.keys(equals).length > 0 ? [{ key: 'equals', value: equals, note }] : []
  if (eventType !== undefined) return condition
  const always = fields.filter(isEverywhere)
  const identity = [entity.subject, entity.group, time.field, named].filter(
    field => field !== undefined && isEverywhere(field),
  ) as SampleField[]
  const number = always.find(({ kind }) => kind === 'number')
  // Without the only metric, there is nothing to read.
  const [only, ...others] = [...inRole('metric'), ...inRole('state')]
  const missing = only && !named && others.length === 0 && only.count < records.length ? [only] : []
  const own = otherNames.size > 0 && always.find(({ path }) => !otherNames.has(path.split('.')[0] ?? path))
  const chosen = [...identity, identity.length < 2 ? number : undefined, own || undefined, ...missing]
  const has = [...new Set(chosen.flatMap(field => field?.from ?? []))]
  return [...(has.length > 0 ? [{ key: 'has', value: has }] : []), ...condition]
}

function draftMetric({ range }: SampleField, key: string, guessed: GuessedUnit = {}): DraftEntry {
  const { unit, bounds, reason, question } = guessed
  const note = question ?? reason
  return {
    key,
    value: { ...(unit ? { unit } : {}), ...toBounds(bounds) },
    note: note ? `${range}; ${note}` : range,
  }
}

/** Returns the question about what the sample cannot show: a number that stands for a missing value, or that does not change. */
function ask(field: SampleField, isTag = false): Pick<DraftEntry, 'note'> {
  const { kind, absent, distinct, path } = field
  const numbers = absent.filter(value => typeof value === 'number')
  if (isTag && kind === 'number' && distinct.size > 1 && !TAG.test(lastWords(field)))
    return { note: `each entity keeps its number: is "${path}" measured, so that it is a metric?` }
  return !isTag && numbers.length > 0 ? { note: `does ${numbers.join(', ')} stand for a missing value?` } : {}
}

/** Returns the source of a field that identifies an entity: the name of the sample if the records have none. */
function identify(field: SampleField | undefined, sample: Sample, note: string): Omit<DraftEntry, 'key'> {
  if (field === undefined) return { value: { constant: sample.name }, note }
  const pattern = findNamePattern(field)
  return { value: pattern === undefined ? readText(field, true) : { from: field.from, pattern }, note }
}

function describeUnitField(field: SampleField, { records }: Sample): string {
  const missing = records.length - field.count
  return missing > 0
    ? `are the values of the ${count(missing, 'record')} without it in the units of the family?`
    : 'metrics are converted from it to the units of the family'
}

function toBounds(bounds: readonly [number, number] | undefined): object {
  return bounds ? { min: bounds[0], max: bounds[1] } : {}
}

function describeState({ distinct }: SampleField): string {
  const values = [...distinct].map(value => JSON.stringify(value.slice(0, 40))).join(', ')
  return `in the sample: ${values}. A list of values instead of any refuses all others`
}
