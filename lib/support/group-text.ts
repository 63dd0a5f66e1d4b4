/** Names of the groups of tables, for people. Pure. */
import { parseJson } from './json.ts'

/** Returns the values of a group as text for people, such as `oslo, 3`. A text that is not the name of a group is returned unchanged. */
export function groupText(name: string): string {
  const values = parseJson(name)
  return Array.isArray(values) ? values.join(', ') : name
}

/** Returns an entity as text for people: its source, and its subject or the values of its group. */
export function entityText(entity: string): string {
  const at = entity.indexOf(' ') + 1
  return entity.slice(0, at) + groupText(entity.slice(at))
}
