/** Names of the results of a query, as ksqlDB names them. Pure. */
import type { Query } from './syntax.ts'

type Items = NonNullable<Query['items']>

/**
 * Returns the names of the results. Without `AS`, a column keeps its name, a nested field has its own name or, if that is taken, one with a number, and
 * any other value is the next free `KSQL_COL_0`.
 *
 * @param columns columns of the source, whose names are taken
 */
export function nameResults(items: Items, columns: readonly { readonly name: string }[]): readonly string[] {
  const named = items.map(({ name, value }) => {
    if (name || value.kind !== 'name') return name?.text
    return value.name.includes('->') ? undefined : value.name
  })
  const others = columns.map(({ name }) => name.split('->')[0])
  const taken = new Set([...named, ...others].map(name => name?.toLowerCase()))
  return items.map(({ value }, i) => {
    const field = value.kind === 'name' ? value.name.split('->').at(-1) : undefined
    let name = named[i] ?? field ?? 'KSQL_COL_0'
    for (let next = field ? 1 : 0; named[i] === undefined && taken.has(name.toLowerCase()); next += 1)
      name = `${field ?? 'KSQL_COL'}_${next}`
    taken.add(name.toLowerCase())
    return name
  })
}

/** Returns the names that earlier versions gave to the results of a table, which keeps them. */
export function nameResultsAsBefore(items: Items): readonly string[] {
  return items.map(
    ({ name, value }, i) =>
      name?.text ?? (value.kind === 'name' ? value.name.replaceAll('->', '__') : `KSQL_COL_${i}`),
  )
}
