/** Drafts a family and a mapping for sample records. Pure. */
import { count } from '../../support/count.ts'
import { assignRoles, describeUnused, findNamedMetric, type Role } from './assign-roles.ts'
import { FieldNames } from './field-names.ts'
import { type GuessedEntity, guessEntity, isConstantIn } from './guess-entity.ts'
import { type GuessedTime, guessTime } from './guess-time.ts'
import { findUnitField, type GuessedUnit, guessUnits } from './guess-unit.ts'
import { describeFields, type SampleField } from './sample-fields.ts'
import type { DraftEntry } from './write-draft.ts'

export interface Draft {
  /** Undefined if the records name their metric: they become readings of the family `metrics`. */
  readonly family?: readonly DraftEntry[]
  readonly mapping: readonly DraftEntry[]
  /** Fields of the records that readings do not have, with the reasons. */
  readonly leftOut: readonly string[]
  readonly metrics: number
}

/** Records of one shape. */
export interface Sample {
  readonly name: string
  readonly documents: readonly object[]
  /** CloudEvents type of the records; undefined if they are not CloudEvents. */
  readonly eventType: string | undefined
  /** Top-level names in records of other shapes. */
  readonly otherNames: ReadonlySet<string>
}

interface Guesses {
  readonly sample: Sample
  readonly fields: readonly SampleField[]
  readonly time: GuessedTime
  readonly entity: GuessedEntity
  /** Field with the unit of the metrics. */
  readonly unit: SampleField | undefined
  readonly inRole: (role: Role) => readonly SampleField[]
}

/** Attributes of a CloudEvent that describe the event, not the entity. */
const ATTRIBUTES = ['specversion', 'id', 'type', 'datacontenttype', 'dataschema']

/** Returns a draft; undefined if no field of the records is a number that can be a metric. */
export function proposeDraft(sample: Sample): Draft | undefined {
  const { documents, eventType } = sample
  const fields = describeFields(documents).filter(
    ({ path }) => eventType === undefined || !ATTRIBUTES.includes(path),
  )
  const time = guessTime(fields)
  const unit = findUnitField(fields)
  const rest = fields.filter(field => ![time.field, unit, ...time.others].includes(field))
  const entity = guessEntity(rest, documents.length)
  const roles = assignRoles(
    rest.filter(field => ![entity.subject, entity.group].includes(field)),
    entity.subject,
  )
  const inRole = (role: Role) => roles.get(role) ?? []
  if (inRole('metric').length === 0) return undefined
  const guesses = { sample, fields, time, entity, unit, inRole }
  const named = findNamedMetric(roles)
  return {
    ...(named ? { mapping: draftNamed(guesses, named) } : draftFamily(guesses)),
    leftOut: [
      ...describeUnused(roles),
      ...time.others.map(({ path }) => `${JSON.stringify(path)}: a time that is not used`),
    ],
    metrics: inRole('metric').length,
  }
}

function draftFamily(guesses: Guesses): Pick<Draft, 'family' | 'mapping'> {
  const { sample, entity, inRole, unit } = guesses
  const { subject, group, reason } = entity
  const names = new FieldNames()
  const device = names.choose(subject?.path ?? 'name')
  const place = group && names.choose(group.path, true)
  const choose = (role: Role) =>
    inRole(role).map(field => ({ field, key: names.choose(field.path, role === 'tag') }))
  const [coordinates, metrics] = [choose('coordinate'), choose('metric')]
  const [states, tags] = [choose('state'), choose('tag')]
  const units = guessUnits(inRole('metric'), unit)
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
      { key: 'metrics', entries: metrics.map(({ field, key }) => draftMetric(field, key, units.get(field))) },
      {
        key: 'states',
        entries: states.map(({ field, key }) => ({ key, value: 'any', note: describeState(field) })),
      },
      ...(tags.length > 0 ? [{ key: 'tags', value: tags.map(({ key }) => key) }] : []),
    ],
    mapping: draftMapping(guesses, sample.name, [
      { key: device, ...identify(subject, sample, reason) },
      ...(group && place ? [{ key: place, value: readText(group) }] : []),
      ...(unit ? [{ key: 'unit', value: readText(unit), note: describeUnitField(unit, sample) }] : []),
      ...[...coordinates, ...metrics].map(({ field, key }) => ({ key, value: readNumber(field) })),
      ...states.map(({ field, key }) => ({ key, value: readText(field) })),
      ...tags.map(({ field, key }) => ({ key: `tags.${key}`, value: readText(field) })),
    ]),
  }
}

/** Drafts the mapping of records that name their metric, to the family `metrics`. */
function draftNamed(
  guesses: Guesses,
  { name, value }: { readonly name: SampleField; readonly value: SampleField },
): readonly DraftEntry[] {
  const { sample, entity, unit, inRole } = guesses
  const { subject, group, reason } = entity
  const texts = [...inRole('state'), ...inRole('tag'), ...(unit ? [unit] : [])].filter(one => one !== name)
  const system =
    group ?? texts.find(field => field.count === sample.documents.length && isConstantIn(field, subject))
  const names = new FieldNames()
  const metric = {
    key: 'metric',
    value: { name: name.path, value: value.path },
    note: `${count(name.distinct.size, 'name')} in the sample; any other is a metric, too`,
  }
  const fields = [
    { key: 'system', ...identify(system, sample, 'guessed: the same in all records of an instance') },
    { key: 'instance', ...identify(subject, sample, reason) },
    ...texts
      .filter(field => field !== system)
      .map(field => ({ key: `tags.${names.choose(field.path)}`, value: readText(field) })),
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
  const value = source && field.count < sample.documents.length ? [source, 'record'] : (source ?? 'record')
  return [
    { key: 'family', value: family },
    { key: 'when', entries: draftCondition(guesses, named?.name) },
    { key: 'time', value, note: reason || undefined },
    ...(named ? [named.metric] : []),
    { key: 'fields', entries: fields },
  ]
}

/** Drafts the condition: the fields that identify a record, a number if there is only one, and a field that no other shape has. */
function draftCondition(
  { sample, fields, time, entity }: Guesses,
  named: SampleField | undefined,
): readonly DraftEntry[] {
  const { documents, eventType, otherNames } = sample
  if (eventType !== undefined) return [{ key: 'equals', value: { type: eventType } }]
  const always = fields.filter(field => field.count === documents.length)
  const identity = always.filter(field => [entity.subject, entity.group, time.field, named].includes(field))
  const number = always.find(({ kind }) => kind === 'number')
  const own = otherNames.size > 0 && always.find(({ path }) => !otherNames.has(path.split('.')[0] ?? path))
  const chosen = [...identity, ...(identity.length < 2 && number ? [number] : []), ...(own ? [own] : [])]
  return chosen.length === 0 ? [] : [{ key: 'has', value: [...new Set(chosen.map(({ path }) => path))] }]
}

function draftMetric(field: SampleField, key: string, guessed: GuessedUnit = {}): DraftEntry {
  const { least, most } = field
  const { unit, bounds, reason } = guessed
  const [from, to] = [least, most].map(value => String(Number(value.toPrecision(6))))
  const range = from === to ? `always ${from}` : `${from} to ${to}`
  return {
    key,
    value: { ...(unit ? { unit } : {}), ...toBounds(bounds) },
    note: reason ? `${range}; ${reason}` : range,
  }
}

/** Returns the source of a field that identifies an entity: the name of the sample if the records have none. */
function identify(field: SampleField | undefined, sample: Sample, note: string): Omit<DraftEntry, 'key'> {
  return field ? { value: readText(field), note } : { value: { constant: sample.name }, note }
}

function describeUnitField(field: SampleField, { documents }: Sample): string {
  const missing = documents.length - field.count
  return missing > 0
    ? `${count(missing, 'record')} without it: their values are taken to be in the units of the family`
    : 'metrics are converted from it to the units of the family'
}

function toBounds(bounds: readonly [number, number] | undefined): object {
  return bounds ? { min: bounds[0], max: bounds[1] } : {}
}

function describeState({ distinct }: SampleField): string {
  const values = [...distinct].map(value => JSON.stringify(value.slice(0, 40))).join(', ')
  return `in the sample: ${values}. A list of values instead of any refuses all others`
}

/** Returns the source of a text. Numbers and truth values are converted. */
function readText({ path, values }: SampleField): unknown {
  const isText = values.every(value => value === undefined || typeof value === 'string')
  return isText ? path : { from: path, as: 'text' }
}

function readNumber({ path, decimal }: SampleField): unknown {
  if (decimal === undefined) return path
  return { from: path, as: decimal === ',' ? 'decimal-comma' : 'number' }
}
