export function updateSearch(search: string, changes: Readonly<Record<string, string>>): string {
  const changed = new URLSearchParams(search)
  for (const [name, value] of Object.entries(changes))
    if (value === '') changed.delete(name)
    else changed.set(name, value)
  const text = changed.toString()
  return text ? `?${text}` : ''
}

/** Query parameters. */
export type Parameters = Readonly<Record<string, string | number | undefined>>

/** Builds a URL with encoded query parameters, such as `/telemetry?entity=…`. Undefined and empty values are omitted. */
export function buildAddress(path: string, parameters: Parameters): string {
  const entries = Object.entries(parameters).map(([name, value]) => [name, String(value ?? '')])
  return path + updateSearch('', Object.fromEntries(entries))
}
