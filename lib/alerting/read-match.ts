import { type Dimension, FAMILIES, type FamilyName } from '../telemetry/families.ts'
import type { Given } from './given.ts'
import type { Match } from './rule.ts'

const DIMENSIONS: readonly Dimension[] = ['site', 'databaseType', 'model', 'tenant']

type Texts = string | readonly string[]

/** Reads `match`, and reports what no reading of the family can have. */
export function readMatch(given: Given, family: FamilyName | undefined): Match | undefined {
  const raw = given.of<Partial<Record<Dimension | 'entity', Texts>> & { tags?: Record<string, Texts> }>(
    'match',
  )
  if (raw === undefined) return undefined
  const used = DIMENSIONS.filter(name => raw[name] !== undefined)
  for (const name of used)
    if (family !== undefined && FAMILIES[family].dimensions[name] === undefined)
      given.report('match', `readings of ${family} have no ${name}: the rule would never fire`, [name])
  const { entity, tags = {} } = raw
  return {
    dimensions: used.map(name => [name, listed(raw[name] as Texts)] as const),
    ...(entity === undefined ? {} : { entities: listed(entity) }),
    tags: Object.keys(tags)
      .sort()
      .map(tag => [tag, listed(tags[tag] as Texts)] as const),
  }
}

/** The row of a match, as a rule file has it. */
export function matchRow({ dimensions, entities, tags }: Match): Readonly<Record<string, unknown>> {
  return {
    ...Object.fromEntries(dimensions),
    ...(entities && { entity: entities }),
    ...(tags.length > 0 ? { tags: Object.fromEntries(tags) } : {}),
  }
}

function listed(texts: Texts): readonly string[] {
  return typeof texts === 'string' ? [texts] : texts
}
