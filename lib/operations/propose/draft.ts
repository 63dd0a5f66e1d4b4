/** Drafts a family and a mapping for sample records. Pure. */
import { count } from '../../support/count.ts'
import { assignRoles, findNamedMetric, type Roles } from './assign-roles.ts'
import { FieldNames } from './field-names.ts'
import { type GuessedEntity, guessEntity, isConstantIn } from './guess-entity.ts'
import { type GuessedTime, guessTime } from './guess-time.ts'
import type { GuessedUnit } from './guess-unit.ts'
import { findUnitField, findUnits } from './record-units.ts'
import { describeFields, type SampleField } from './sample-fields.ts'

/** Entry of a section in a file, with the comment that explains a guess. */
export interface DraftEntry {
  readonly key: string
  readonly value: unknown
  readonly note?: string | undefined
}

export interface Draft {
  readonly name: string
  /** Number of records from which it was made. */
  readonly records: number
  /** Undefined if the records name their metric: they become readings of the family `metrics`. */
  readonly family?: FamilyDraft
  readonly mapping: MappingDraft
}

export interface FamilyDraft {
  readonly entity: readonly DraftEntry[]
  readonly fields: readonly DraftEntry[]
  readonly metrics: readonly DraftEntry[]
  readonly states: readonly DraftEntry[]
  readonly tags: readonly string[]
}

interface MappingDraft {
  readonly when: readonly DraftEntry[]
  readonly time: DraftEntry
  readonly metric?: DraftEntry
  readonly fields: readonly DraftEntry[]
  /** Fields of the records that readings do not have, with the reasons. */
  readonly leftOut: readonly string[]
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
  readonly all: readonly SampleField[]
  readonly time: GuessedTime
  readonly entity: GuessedEntity
  readonly roles: Roles
  /** Field with the unit of the metrics. */
  readonly unit: SampleField | undefined
}

/** Attributes of a CloudEvent that describe the event, not the entity. */
const ATTRIBUTES = ['specversion', 'id', 'type', 'datacontenttype', 'dataschema']

/** Returns a draft; undefined if no field of the records is a number that can be a metric. */
export function proposeDraft(sample: Sample): Draft | undefined {
  const { name, documents, eventType } = sample
  const all = describeFields(documents).filter(
    ({ path }) => eventType === undefined || !ATTRIBUTES.includes(path),
  )
  const time = guessTime(all)
  const rest = all.filter(field => field !== time.field && !time.others.includes(field))
  const unit = findUnitField(rest)
  const entity = guessEntity(
    rest.filter(field => field !== unit),
    documents.length,
  )
  const roles = assignRoles(
    rest.filter(field => field !== entity.subject && field !== entity.group),
    entity.subject,
  )
  if (roles.metrics.length === 0) return undefined
  const guesses = { sample, all, time, entity, roles, unit }
  const parts = draftNamed(guesses) ?? draftFamily(guesses)
  return { name, records: documents.length, ...parts }
}

function draftFamily(guesses: Guesses): Pick<Draft, 'family' | 'mapping'> {
  const { sample, entity, roles, unit } = guesses
  const { subject, group, reason } = entity
  const names = new FieldNames()
  const device = names.choose(subject?.path ?? 'name')
  const place = group && names.choose(group.path, true)
  const choose = (fields: readonly SampleField[], areDimensions = false) =>
    fields
      .filter(field => field !== unit)
      .map(field => ({ field, key: names.choose(field.path, areDimensions) }))
  const [coordinates, metrics] = [choose(roles.coordinates), choose(roles.metrics)]
  const [states, tags] = [choose(roles.states), choose(roles.tags, true)]
  const units = findUnits(roles.metrics, unit)
  const groups =
    group && `guessed: the same in all records of an entity, ${count(group.distinct.size, 'value')}`
  return {
    family: {
      entity: [
        { key: 'source', value: `/${sample.name}${place ? `/{${place}}` : ''}`, note: groups },
        { key: 'subject', value: `{${device}}`, note: reason },
      ],
      fields: coordinates.map(({ key }) => ({
        key,
        value: { type: 'number', ...toBounds(/^lat|Lat/.test(key) ? [-90, 90] : [-180, 180]) },
      })),
      metrics: metrics.map(({ field, key }) => draftMetric(field, key, units.get(field))),
      states: states.map(({ field, key }) => ({ key, value: 'any', note: describeState(field) })),
      tags: tags.map(({ key }) => key),
    },
    mapping: {
      ...draftOrigin(guesses),
      fields: [
        subject
          ? { key: device, value: readText(subject) }
          : { key: device, value: { constant: sample.name }, note: reason },
        ...(group && place ? [{ key: place, value: readText(group) }] : []),
        ...(unit ? [draftUnit(unit, sample.documents.length)] : []),
        ...[...coordinates, ...metrics].map(({ field, key }) => ({
          key,
          value: readNumber(field),
          note: warnOfNumbers(field),
        })),
        ...states.map(({ field, key }) => ({ key, value: readText(field) })),
        ...tags.map(({ field, key }) => ({ key: `tags.${key}`, value: readText(field) })),
      ],
    },
  }
}

/** Drafts the mapping of records that name their metric, to the family `metrics`; undefined for other records. */
function draftNamed(guesses: Guesses): Pick<Draft, 'mapping'> | undefined {
  const { sample, entity, roles } = guesses
  const found = findNamedMetric(roles)
  if (found === undefined) return undefined
  const { name, value } = found
  const { subject, group } = entity
  const texts = [...roles.states, ...roles.tags].filter(field => field !== name)
  const system =
    group ?? texts.find(field => field.count === sample.documents.length && isConstantIn(field, subject))
  const names = new FieldNames()
  // Values that are texts are read only by metrics that the mapping lists.
  const listed = value.decimal && {
    names: Object.fromEntries([...name.distinct].map(one => [one, { metric: one, as: toForm(value) }])),
  }
  const identify = (key: string, field: SampleField | undefined, note: string | undefined) => ({
    key,
    value: field ? readText(field) : { constant: sample.name },
    note,
  })
  return {
    mapping: {
      ...draftOrigin(guesses, [name]),
      metric: {
        key: 'metric',
        value: { name: name.path, value: value.path, ...listed },
        note: listed
          ? 'other names are refused'
          : `${count(name.distinct.size, 'name')} in the sample; any other is a metric, too`,
      },
      fields: [
        identify('system', system, system && 'guessed: the same in all records of an instance'),
        identify('instance', subject, entity.reason),
        ...texts
          .filter(field => field !== system)
          .map(field => ({ key: `tags.${names.choose(field.path)}`, value: readText(field) })),
      ],
    },
  }
}

/** Drafts what all mappings have: the condition, the time, and the fields that are left out. */
function draftOrigin(
  guesses: Guesses,
  further: readonly SampleField[] = [],
): Pick<MappingDraft, 'when' | 'time' | 'leftOut'> {
  const { time, roles, sample } = guesses
  const { field, timeZone, epoch, reason, others } = time
  const source = field && { from: field.path, ...(timeZone ? { timeZone } : {}), ...(epoch ? { epoch } : {}) }
  const value = source && field.count < sample.documents.length ? [source, 'record'] : (source ?? 'record')
  return {
    when: draftCondition(guesses, further),
    time: { key: 'time', value, note: reason || undefined },
    leftOut: [
      ...roles.leftOut,
      ...others.map(({ path }) => `${JSON.stringify(path)}: a time that is not used`),
    ],
  }
}

/** Drafts the condition: the fields that identify a record, a number if there is only one, and a field that no other shape has. */
function draftCondition(
  { sample, all, time, entity }: Guesses,
  further: readonly SampleField[],
): readonly DraftEntry[] {
  const { documents, eventType, otherNames } = sample
  if (eventType !== undefined) return [{ key: 'equals', value: { type: eventType } }]
  const always = all.filter(field => field.count === documents.length)
  const identity = always.filter(field =>
    [entity.subject, entity.group, time.field, ...further].includes(field),
  )
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

/** Drafts the unit that a record names. Its metrics are converted from it to those of the family. */
function draftUnit(field: SampleField, records: number): DraftEntry {
  const missing = records - field.count
  const note =
    missing > 0
      ? `${count(missing, 'record')} without it: their values are taken to be in the units of the family`
      : 'metrics are converted from it to the units of the family'
  return { key: 'unit', value: readText(field), note }
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

function readNumber(field: SampleField): unknown {
  return field.decimal === undefined ? field.path : { from: field.path, as: toForm(field) }
}

function toForm({ decimal }: SampleField): string {
  return decimal === ',' ? 'decimal-comma' : 'number'
}

function warnOfNumbers({ notNumbers, decimal, hasPoints }: SampleField): string | undefined {
  if (notNumbers > 0) return `refuses ${count(notNumbers, 'record')} with other values`
  return decimal === ',' && hasPoints ? 'some numbers have a point, others a comma: check them' : undefined
}
