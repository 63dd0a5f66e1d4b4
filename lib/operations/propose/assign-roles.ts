/** Decides what the fields of sample records are in readings: metrics, coordinates, states or tags. Pure. */
import { lastWords } from './field-names.ts'
import { isConstantIn } from './guess-entity.ts'
import type { SampleField } from './sample-fields.ts'

export interface Roles {
  readonly metrics: readonly SampleField[]
  readonly coordinates: readonly SampleField[]
  readonly states: readonly SampleField[]
  readonly tags: readonly SampleField[]
  /** Fields that readings do not have, with the reasons. */
  readonly leftOut: readonly string[]
}

const MAX_STATES = 10

/** @param subject field that names the entity */
export function assignRoles(fields: readonly SampleField[], subject: SampleField | undefined): Roles {
  const roles = Map.groupBy(fields, field => findRole(field, subject))
  const get = (role: Role) => roles.get(role) ?? []
  return {
    metrics: get('metrics'),
    coordinates: get('coordinates'),
    states: get('states'),
    tags: get('tags'),
    leftOut: UNUSED.flatMap(reason => get(reason).map(({ path }) => `${JSON.stringify(path)}: ${reason}`)),
  }
}

const UNUSED = ['a list', 'a count', 'another text in each record'] as const

type Role = Exclude<keyof Roles, 'leftOut'> | (typeof UNUSED)[number]

function findRole(field: SampleField, subject: SampleField | undefined): Role {
  const { kind, distinct, count } = field
  const words = lastWords(field)
  if (kind === 'list') return 'a list'
  if (kind === 'number') {
    if (/(^| )(lat|latitude|lon|lng|long|longitude)$/.test(words)) return 'coordinates'
    if (/(^| )(seq|sequence|sequence number|offset|index|row|nr)$/.test(words) && isCounting(field))
      return 'a count'
    return /(^| )(id|version|port|code|serial|zip|plz)$/.test(words) ? 'tags' : 'metrics'
  }
  if (kind === 'text' && distinct.size === count && count > MAX_STATES) return 'another text in each record'
  const isNamedState = /\b(status|state|mode|activity|zustand|health)\b/.test(words)
  return distinct.size <= MAX_STATES && (isNamedState || !isConstantIn(field, subject)) ? 'states' : 'tags'
}

function isCounting({ values }: SampleField): boolean {
  return values.every((value, index) => index === 0 || Number(value) > Number(values[index - 1]))
}

const METRIC_NAME =
  /^(metric|metric name|measurement|parameter|quantity|name|field|variable|channel|signal|sensor type|key|messgroesse|kpi)$/
const METRIC_VALUE = /^(value|val|reading|wert|messwert|measured value)$/

/** Returns the fields with the name and the value of the metric, in records that have one metric each. */
export function findNamedMetric({
  metrics,
  states,
  tags,
}: Roles): { readonly name: SampleField; readonly value: SampleField } | undefined {
  const [value, ...others] = metrics
  if (value === undefined || others.length > 0 || !METRIC_VALUE.test(lastWords(value))) return undefined
  const name = [...states, ...tags].find(
    field =>
      field.kind === 'text' &&
      METRIC_NAME.test(lastWords(field)) &&
      [...field.distinct].every(one => /^[A-Za-z_][\w.:/-]{0,99}$/.test(one)),
  )
  return name && { name, value }
}
