/** Decides what the fields of sample records are in readings: metrics, coordinates, states or tags. Pure. */
import { GENERIC, lastWords } from './field-names.ts'
import { isConstant, isEqual } from './guess-entity.ts'
import type { SampleField } from './sample-fields.ts'

const ROLES = ['metric', 'coordinate', 'state', 'tag'] as const

export type Role = (typeof ROLES)[number]
/** Fields by their role, or by the reason why readings do not have them. */
export type Roles = ReadonlyMap<string, readonly SampleField[]>

const MAX_STATES = 10
const COORDINATE = /(^| )(lat|latitude|lon|lng|long|longitude)$/
const STATE = /\b(status|state|mode|activity|zustand|health|quality|flags?|qc)\b/
const TAG =
  /(^| )(id|version|firmware|fw|port|code|serial|zip|plz|register|address|addr|channel|slave|floor|etage|stockwerk|baujahr|year)( (nr|no|number|version))?$/

/** @param subject field that names the entity */
export function assignRoles(fields: readonly SampleField[], subject: SampleField | undefined): Roles {
  return Map.groupBy(fields, field => {
    const { kind, distinct, count } = field
    const words = lastWords(field)
    const isLabel = /(^|[.])(tags|labels)[.]/.test(field.path)
    if (kind === 'list') return 'not a single value'
    if (kind === 'number') {
      if (COORDINATE.test(words) && Math.max(-field.least, field.most) <= (/lat/.test(words) ? 90 : 180))
        return 'coordinate'
      if (STATE.test(words) && distinct.size <= MAX_STATES && field.isWhole && !field.written) return 'state'
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

/** Returns the reasons why readings do not have a field, by its path. */
export function explainUnused(roles: Roles): readonly (readonly [path: string, reason: string])[] {
  const unused = [...roles].filter(([role]) => !(ROLES as readonly string[]).includes(role))
  return unused.flatMap(([reason, fields]) => fields.map(({ path }) => [path, reason] as const))
}

const METRIC_NAME =
  /^(metric|metric name|measurement|measurand|parameter|quantity|name|n|field|variable|channel|signal|sensor type|key|point|tag|messgroesse|kpi|datapoint)$/

export interface NamedMetricFields {
  readonly name: SampleField
  /** Alternative fields of the value, of which the first in a record is read. */
  readonly values: readonly SampleField[]
}

/** Returns the fields with the name and the value of the metric, in records that have one metric each. */
export function findNamedMetric(roles: Roles): NamedMetricFields | undefined {
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
