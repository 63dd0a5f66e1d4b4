/** Decides what the fields of sample records are in readings: metrics, coordinates, states or tags. Pure. */
import { lastWords } from './field-names.ts'
import { isConstantIn } from './guess-entity.ts'
import type { SampleField } from './sample-fields.ts'

const ROLES = ['metric', 'coordinate', 'state', 'tag'] as const
const UNUSED = ['a list', 'a count', 'another text in each record'] as const

export type Role = (typeof ROLES)[number]
/** Fields by their role, or by the reason why readings do not have them. */
export type Roles = ReadonlyMap<Role | (typeof UNUSED)[number], readonly SampleField[]>

const MAX_STATES = 10

/** @param subject field that names the entity */
export function assignRoles(fields: readonly SampleField[], subject: SampleField | undefined): Roles {
  return Map.groupBy(fields, field => {
    const { kind, distinct, count } = field
    const words = lastWords(field)
    if (kind === 'list') return 'a list'
    if (kind === 'number') {
      if (/(^| )(lat|latitude|lon|lng|long|longitude)$/.test(words)) return 'coordinate'
      if (/(^| )(seq|sequence|sequence number|offset|index|row|nr)$/.test(words) && isCounting(field))
        return 'a count'
      return /(^| )(id|version|port|code|serial|zip|plz)$/.test(words) ? 'tag' : 'metric'
    }
    if (kind === 'text' && distinct.size === count && count > MAX_STATES) return 'another text in each record'
    const isNamedState = /\b(status|state|mode|activity|zustand|health)\b/.test(words)
    return distinct.size <= MAX_STATES && (isNamedState || !isConstantIn(field, subject)) ? 'state' : 'tag'
  })
}

function isCounting({ values }: SampleField): boolean {
  return values.every((value, index) => index === 0 || Number(value) > Number(values[index - 1]))
}

/** Returns the fields that readings do not have, with the reasons. */
export function describeUnused(roles: Roles): readonly string[] {
  return UNUSED.flatMap(reason =>
    (roles.get(reason) ?? []).map(({ path }) => `${JSON.stringify(path)}: ${reason}`),
  )
}

const METRIC_NAME =
  /^(metric|metric name|measurement|parameter|quantity|name|field|variable|channel|signal|sensor type|key|messgroesse|kpi)$/
const METRIC_VALUE = /^(value|val|reading|wert|messwert|measured value)$/

/** Returns the fields with the name and the value of the metric, in records that have one metric each. */
export function findNamedMetric(
  roles: Roles,
): { readonly name: SampleField; readonly value: SampleField } | undefined {
  const [value, ...others] = roles.get('metric') ?? []
  if (value === undefined || others.length > 0 || !METRIC_VALUE.test(lastWords(value))) return undefined
  const name = [...(roles.get('state') ?? []), ...(roles.get('tag') ?? [])].find(
    field =>
      field.kind === 'text' &&
      METRIC_NAME.test(lastWords(field)) &&
      [...field.distinct].every(one => /^[A-Za-z_][\w.:/-]{0,99}$/.test(one)),
  )
  return name && { name, value }
}
