import { type Dimension, FAMILIES, type FamilyName } from '../telemetry/families.ts'
import type { Match } from './rule.ts'
import type { RuleRow } from './rule-row.ts'

export const DIMENSIONS: readonly Dimension[] = ['site', 'databaseType', 'model', 'tenant']

type Texts = string | readonly string[]

type RawMatch = Partial<Record<Dimension | 'entity', Texts>> &
  Partial<Record<'tags' | 'columns', Readonly<Record<string, Texts>>>>

/**
 * Reads `match`, and reports properties that readings of the family do not have.
 *
 * @param family family of the readings; undefined for rows of a table, or if the family has an error
 */
export function readMatch(ruleRow: RuleRow, family: FamilyName | undefined): Match | undefined {
  reportUnfit(ruleRow, family)
  const raw = ruleRow.of<RawMatch>('match')
  if (raw === undefined) return undefined
  const { entity, tags = {}, columns } = raw
  return {
    dimensions: DIMENSIONS.flatMap(name => {
      const texts = raw[name]
      return texts === undefined ? [] : [[name, toList(texts)] as const]
    }),
    ...(entity === undefined ? {} : { entities: toList(entity) }),
    tags: toListsByName(tags),
    ...(columns && { columns: toListsByName(columns) }),
  }
}

/** Reports unsupported properties. A match with other errors is also checked, so that all errors are reported at once. */
function reportUnfit({ row, report }: RuleRow, family: FamilyName | undefined): void {
  const raw = row.match
  if (typeof raw !== 'object' || raw === null) return
  if (Object.hasOwn(row, 'table'))
    for (const name of Object.keys(raw).filter(key => key !== 'columns'))
      report('match', 'rows of a table are matched by their columns, such as { columns: { site: oslo } }', [
        name,
      ])
  if (family === undefined) return
  if (Object.hasOwn(raw, 'columns'))
    report('match', `readings of ${family} have no columns: the rule would never fire`, ['columns'])
  for (const name of DIMENSIONS)
    if (Object.hasOwn(raw, name) && FAMILIES[family].dimensions[name] === undefined)
      report('match', `readings of ${family} have no ${name}: the rule would never fire`, [name])
}

/** Returns the keys and values of a match as in a rule file. */
export function matchRow({ dimensions, entities, tags, columns }: Match): Readonly<Record<string, unknown>> {
  return {
    ...Object.fromEntries(dimensions),
    ...(entities && { entity: entities }),
    ...(tags.length > 0 ? { tags: Object.fromEntries(tags) } : {}),
    ...(columns && { columns: Object.fromEntries(columns) }),
  }
}

function toListsByName(all: Readonly<Record<string, Texts>>) {
  return Object.keys(all)
    .sort()
    .map(name => [name, toList(all[name] as Texts)] as const)
}

function toList(texts: Texts): readonly string[] {
  return typeof texts === 'string' ? [texts] : texts
}
