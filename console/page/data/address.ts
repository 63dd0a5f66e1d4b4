/** What a person has chosen stands in the address, so that it can be shared and the browser's back button works. */
import { useLocation } from 'preact-iso'

/** A parameter of the address, and how to change it; an empty value takes it away. */
export function useParameter(name: string, otherwise = ''): [value: string, set: (value: string) => void] {
  const { query, path, route } = useLocation()
  const set = (value: string) => {
    const changed = new URLSearchParams(query)
    if (value === otherwise || value === '') changed.delete(name)
    else changed.set(name, value)
    const text = changed.toString()
    route(text ? `${path}?${text}` : path, true)
  }
  return [query[name] ?? otherwise, set]
}

/** `/telemetry?entity=…` with everything in its place; what is undefined or empty is left out. */
export function addressOf(
  path: string,
  parameters: Readonly<Record<string, string | number | undefined>>,
): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined && value !== '') query.set(name, String(value))
  const text = query.toString()
  return text ? `${path}?${text}` : path
}
