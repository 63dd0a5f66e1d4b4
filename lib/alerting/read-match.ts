import { nameHint } from '../support/suggestion.ts'
import type { Families } from '../telemetry/families.ts'
import type { Match } from './rule.ts'
import type { RuleRow } from './rule-row.ts'

/** Keys of a match that are not dimensions of a family. */
const OWN_KEYS: readonly string[] = ['entity', 'tags', 'columns']

type Texts = string | readonly string[]

type RawMatch = Readonly<Record<string, Texts>> & {
  readonly [Key in 'tags' | 'columns']?: Readonly<Record<string, Texts>>
}

/**
 * Reads `match`, and reports properties that the watched records do not have.
 *
 * @param watchedFamilies families to which the watched records can belong; none for rows of a table, or if the family has an error
 */
export function readMatch(ruleRow: RuleRow, watchedFamilies: readonly string[]): Match | undefined {
  reportUnfit(ruleRow, watchedFamilies)
  const raw = ruleRow.of<object>('match') as RawMatch | undefined
  if (raw === undefined) return undefined
  const { entity, tags = {}, columns } = raw
  return {
    dimensions: listDimensions(raw).map(name => [name, toList(raw[name] as Texts)] as const),
    ...(entity === undefined ? {} : { entities: toList(entity) }),
    tags: toListsByName(tags),
    ...(columns && { columns: toListsByName(columns) }),
  }
}

/** Reports unsupported properties. A match with other errors is also checked, so that all errors are reported at once. */
function reportUnfit(
  { row, report, families, isFromLog }: RuleRow,
  watchedFamilies: readonly string[],
): void {
  const raw = row.match
  if (typeof raw !== 'object' || raw === null) return
  if (Object.hasOwn(row, 'table'))
    for (const name of Object.keys(raw).filter(key => key !== 'columns'))
      report('match', 'rows of a table are matched by their columns, such as { columns: { COLUMN: TEXT } }', [
        name,
      ])
  if (watchedFamilies.length === 0 || isFromLog) return
  const watched = describeWatched(watchedFamilies)
  if (Object.hasOwn(raw, 'columns'))
    report('match', `${watched} have no columns: the rule would never fire`, ['columns'])
  const known = dimensionNames(families, watchedFamilies)
  for (const name of listDimensions(raw))
    if (!known.includes(name))
      report(
        'match',
        `${watched} have no ${name}: the rule would never fire.${nameHint(name, [...known, 'entity', 'tags'])}`,
        [name],
      )
}

/** Returns the names of all dimensions that one of the named families has. */
export function dimensionNames(families: Families, names: readonly string[]): readonly string[] {
  return [...new Set(names.flatMap(name => Object.keys(families.byName[name]?.dimensions ?? {})))]
}

/** Returns the records of these families in words, for the start of a message. */
export function describeWatched(families: readonly string[]): string {
  return families.length === 1 ? `readings of ${families[0]}` : 'events'
}

function listDimensions(raw: object): readonly string[] {
  return Object.keys(raw)
    .filter(key => !OWN_KEYS.includes(key))
    .sort()
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
