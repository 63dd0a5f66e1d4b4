/** Decides what the fields of sample records are in readings: metrics, coordinates, states or tags. Pure. */
import { GENERIC, lastWords } from './field-names.ts'
import { isConstant, isEqual } from './guess-entity.ts'
import { findQuantity, guessUnit } from './guess-unit.ts'
import type { SampleField } from './sample-fields.ts'

const ROLES = ['metric', 'coordinate', 'state', 'tag'] as const
const UNUSED = [
  'not a single value',
  'a count',
  'another text in each record',
  'the same as the entity',
  'the record before the change',
] as const

export type Role = (typeof ROLES)[number]
/** Fields by their role, or by the reason why readings do not have them. */
export type Roles = ReadonlyMap<Role | (typeof UNUSED)[number], readonly SampleField[]>

const MAX_STATES = 10
const COORDINATE = /(^| )(lat|latitude|lon|lng|long|longitude)$/
const COUNT = /(^| )(seq|sequence|sequence number|offset|lsn|index|row|record|nr|f cnt|fcnt|frame counter)$/
const STATE = /\b(status|state|mode|activity|zustand|health|quality|flags?|qc)\b/
export const TAG =
  /(^| )(id|version|firmware|fw|port|code|serial|zip|plz|register|address|addr|channel|slave|floor|etage|stockwerk|baujahr|year)( (nr|no|number|version))?$/
/** Quantities that describe an entity if they do not change. */
const DESCRIBING = /\b(install|installation|mount|mounted|height|altitude|elevation|depth|position)\b/

/**
 * @param subject field that names the entity
 * @param hasTags false if a number is a metric although it is the same in all records of each entity
 */
export function assignRoles(
  fields: readonly SampleField[],
  subject: SampleField | undefined,
  hasTags = true,
): Roles {
  return Map.groupBy(fields, field => {
    const { kind, distinct, count } = field
    const words = lastWords(field)
    const isLabel = /(^|[.])(tags|labels)[.]/.test(field.path)
    if (/^before[.]/.test(field.path) && fields.some(({ path }) => path === `after${field.path.slice(6)}`))
      return 'the record before the change'
    if (kind === 'list') return 'not a single value'
    if (kind === 'number') {
      if (COORDINATE.test(words) && Math.max(-field.least, field.most) <= (/lat/.test(words) ? 90 : 180))
        return 'coordinate'
      if (COUNT.test(words) && isCounting(field)) return 'a count'
      if (STATE.test(words) && distinct.size <= MAX_STATES && field.isWhole && !field.written) return 'state'
      return isLabel || TAG.test(words) || (hasTags && isDescribing(field, subject)) ? 'tag' : 'metric'
    }
    if (subject && distinct.size > 1 && isEqual(field, subject)) return 'the same as the entity'
    if (isLabel) return 'tag'
    const isNamedState = STATE.test(words)
    if (kind === 'text' && distinct.size === count && count > (isNamedState ? MAX_STATES : 3))
      return 'another text in each record'
    return distinct.size <= MAX_STATES && (isNamedState || !isConstant(field, subject)) ? 'state' : 'tag'
  })
}

function isCounting({ values }: SampleField): boolean {
  return values.every((value, index) => index === 0 || Number(value) > Number(values[index - 1]))
}

/** Number of records of each entity from which a number that does not change is no measurement. */
const ENOUGH = 3

/** Returns whether a number without a usual quantity or unit is the same in all records of each entity. */
function isDescribing(field: SampleField, subject: SampleField | undefined): boolean {
  const entities = subject?.distinct.size ?? 1
  if (entities < 2 || field.count < ENOUGH * entities || !isConstant(field, subject)) return false
  if (DESCRIBING.test(lastWords(field))) return true
  return (
    field.distinct.size > 1 &&
    field.isWhole &&
    !findQuantity(field.label) &&
    !guessUnit(field).unit &&
    !field.written
  )
}

/** Returns the fields that readings do not have, with the reasons. */
export function explainUnused(roles: Roles): ReadonlyMap<string, string> {
  return new Map(
    UNUSED.flatMap(reason => (roles.get(reason) ?? []).map(({ path }) => [path, reason] as const)),
  )
}

const METRIC_NAME =
  /^(metric|metric name|measurement|measurand|parameter|quantity|name|n|field|variable|channel|signal|sensor type|key|point|tag|messgroesse|kpi|datapoint)$/

export interface NamedMetricFields {
  readonly name: SampleField
  /** Alternative fields of the value, of which a record has one. */
  readonly values: readonly SampleField[]
}

/** Returns the fields with the name and the value of the metric, in records that have one metric each. */
export function findNamedMetric(fields: readonly SampleField[], roles: Roles): NamedMetricFields | undefined {
  const isValue = ({ path }: SampleField) => GENERIC.test(lastWords({ label: path }))
  const metrics = roles.get('metric') ?? []
  const value = metrics.find(isValue)
  const parent = (path: string) => path.slice(0, path.lastIndexOf('.') + 1)
  if (value === undefined || metrics.some(metric => metric !== value && !isBeside(metric, value)))
    return undefined
  const values = fields.filter(
    field =>
      field === value ||
      (isValue(field) && parent(field.path) === parent(value.path) && isBeside(field, value)),
  )
  const name = [...(roles.get('state') ?? []), ...(roles.get('tag') ?? [])]
    .filter(
      field =>
        field.kind === 'text' &&
        METRIC_NAME.test(lastWords({ label: field.path })) &&
        [...field.distinct].every(name => /^[A-Za-z_][\w.:/-]{0,99}$/.test(name)),
    )
    // The name in the same object, or the nearest one around it.
    .toSorted((a, b) => commonLength(b.path, value.path) - commonLength(a.path, value.path))[0]
  return name && { name, values }
}

/** Returns whether no record has both fields. */
function isBeside(field: SampleField, other: SampleField): boolean {
  return field.values.every((value, index) => value === undefined || other.values[index] === undefined)
}

/** Returns the number of characters with which both paths begin. */
function commonLength(path: string, other: string): number {
  return [...path, '.'].findIndex((letter, index) => other[index] !== letter)
}
