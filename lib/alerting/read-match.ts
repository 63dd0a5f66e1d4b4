import { type Dimension, FAMILIES, type FamilyName } from '../telemetry/families.ts'
import type { RuleRow } from './given.ts'
import type { Match } from './rule.ts'

export const DIMENSIONS: readonly Dimension[] = ['site', 'databaseType', 'model', 'tenant']

type Texts = string | readonly string[]

type RawMatch = Partial<Record<Dimension | 'entity', Texts>> & { readonly tags?: Record<string, Texts> }

/** Reads `match`, and reports properties that readings of the family do not have. */
export function readMatch(given: RuleRow, family: FamilyName | undefined): Match | undefined {
  reportUnfit(given, family)
  const raw = given.of<RawMatch>('match')
  if (raw === undefined) return undefined
  const { entity, tags = {} } = raw
  return {
    dimensions: DIMENSIONS.flatMap(name => {
      const texts = raw[name]
      return texts === undefined ? [] : [[name, listed(texts)] as const]
    }),
    ...(entity === undefined ? {} : { entities: listed(entity) }),
    tags: Object.keys(tags)
      .sort()
      .map(tag => [tag, listed(tags[tag] as Texts)] as const),
  }
}

/** Reports unsupported properties. A match with other errors is also checked, so that all errors are reported at once. */
function reportUnfit({ row, report }: RuleRow, family: FamilyName | undefined): void {
  const raw = row.match
  if (typeof raw !== 'object' || raw === null || family === undefined) return
  for (const name of DIMENSIONS)
    if (Object.hasOwn(raw, name) && FAMILIES[family].dimensions[name] === undefined)
      report('match', `readings of ${family} have no ${name}: the rule would never fire`, [name])
}

/** Returns the keys and values of a match as in a rule file. */
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
