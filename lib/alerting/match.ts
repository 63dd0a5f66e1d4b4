/** Checks whether readings, or rows of a table, match the `match` of a rule. Pure. */
import { FAMILIES, type FamilyName, type ReadingData } from '../telemetry/families.ts'
import type { Match } from './rule.ts'

/**
 * Returns whether a reading or a row has an allowed text for every key of the match.
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
  if (entities !== undefined && !entities.includes(subject ?? '')) return false
  for (const [name, texts] of dimensions)
    if (!family || !texts.includes(FAMILIES[family].dimensions[name]?.(data) as string)) return false
  for (const [column, texts] of columns) if (!texts.includes(String(data[column]))) return false
  const own = data.tags as Readonly<Record<string, string>> | undefined
  for (const [tag, texts] of tags)
    if (own === undefined || !Object.hasOwn(own, tag) || !texts.includes(own[tag] as string)) return false
  return true
}
