/** Suggests correct names for a mistyped name. Pure. */

const MAX_NAMES = 3
/** Maximum share of wrong letters in a name, from 0 to 1. */
const MAX_WRONG = 0.4

/** Returns ` Did you mean a, b?` with the most similar names; undefined if no name is similar. */
export function suggestion(typed: string, names: Iterable<string>): string | undefined {
  const similar = similarNames(typed, names)
  return similar.length > 0 ? ` Did you mean ${similar.join(', ')}?` : undefined
}

/** Maximum number of names that are listed for a mistyped name. A family can have hundreds of metrics. */
const MAX_LISTED = 12

/** Returns the end of a message about an unknown name: the most similar names or, if there are none, the names that exist. */
export function nameHint(typed: string, names: Iterable<string>): string {
  const all = [...new Set(names)]
  if (all.length === 0) return ''
  const listed = `${all.slice(0, MAX_LISTED).join(', ')}${all.length > MAX_LISTED ? ' …' : ''}`
  return suggestion(typed, all) ?? ` Use ${listed}`
}

/** Returns the error message for an unknown name in a file. @param what noun for the name, such as "key" or "unit" */
export function describeUnknown(what: string, typed: string, names: Iterable<string>): string {
  const hint = nameHint(typed, names)
  return `unknown ${what}${hint && `.${hint}`}`
}

/** Returns the names that are similar to a mistyped name, the most similar first. */
export function similarNames(typed: string, names: Iterable<string>): string[] {
  const wanted = typed.toLowerCase()
  return [...new Set(names)]
    .map(name => ({ name, distance: measureDistance(wanted, name.toLowerCase()) }))
    .filter(({ distance }) => distance <= MAX_WRONG)
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, MAX_NAMES)
    .map(({ name }) => name)
}

/**
 * Returns the distance between two names, from 0 for equal names to 1 if all letters differ. If one name contains the other, their
 * distance is small.
 */
function measureDistance(typed: string, name: string): number {
  if (typed.length >= 3 && name.includes(typed)) return MAX_WRONG * (1 - typed.length / name.length)
  return editsBetween(typed, name) / Math.max(typed.length, name.length, 1)
}

/** Returns the Levenshtein distance: the number of letters that must be added, removed or replaced. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
