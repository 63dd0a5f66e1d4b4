/** Checks whether readings, or rows of a table, match the `match` of a rule. Pure. */
import { FAMILIES, type FamilyName, type ReadingData } from '../telemetry/families.ts'
import { haveOneOf, isOneOf, ownIn } from '../text-match.ts'
import type { Match } from './rule.ts'

/**
 * Returns whether a reading or a row matches one of the patterns of every key.
 *
 * @param family family of the reading; undefined for a row
 * @param subject subject of the reading
 */
export function matches(
  { dimensions, entities, tags, columns = [] }: Match,
  family: FamilyName | undefined,
  subject: string | undefined,
  data: ReadingData,
): boolean {
  if (entities !== undefined && !isOneOf(entities, subject ?? '')) return false
  for (const [name, texts] of dimensions)
    if (!family || !isOneOf(texts, FAMILIES[family].dimensions[name]?.(data))) return false
  const tag = ownIn(data.tags as Readonly<Record<string, unknown>> | undefined)
  return haveOneOf(columns, column => String(data[column])) && haveOneOf(tags, tag)
}
