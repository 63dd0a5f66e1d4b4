export function changedSearch(search: string, changes: Readonly<Record<string, string>>): string {
  const changed = new URLSearchParams(search)
  for (const [name, value] of Object.entries(changes))
    if (value === '') changed.delete(name)
    else changed.set(name, value)
  const text = changed.toString()
  return text ? `?${text}` : ''
}

/** Parameters of an address. */
export type Parameters = Readonly<Record<string, string | number | undefined>>

/** `/telemetry?entity=…` with everything in its place; what is undefined or empty is left out. */
export function addressOf(path: string, parameters: Parameters): string {
  const given = Object.entries(parameters).map(([name, value]) => [name, String(value ?? '')])
  return path + changedSearch('', Object.fromEntries(given))
}

/** Where the answers to a question are streamed: `/groups?name=a` becomes `/groups/live?name=a`. */
export function liveOf(path: string): string {
  const [before = '', query] = path.split('?')
  return query === undefined ? `${before}/live` : `${before}/live?${query}`
}
