/**
 * Stores the state of a page in query parameters of the URL, so that a page can be shared as a link and the browser's back button
 * works.
 */
import { useLocation } from 'preact-iso'
import { updateSearch } from './address.ts'

/** Returns a query parameter and a function that changes it. An empty value removes the parameter. */
export function useParameter(name: string, otherwise = ''): [value: string, set: (value: string) => void] {
  const [query, change] = useParameters()
  return [query[name] ?? otherwise, value => change({ [name]: value === otherwise ? '' : value })]
}

/** Returns all query parameters and a function that changes several at once. Empty values remove parameters. */
export function useParameters(): [
  query: Readonly<Record<string, string>>,
  change: (changes: Readonly<Record<string, string>>) => void,
] {
  const { query, path, route } = useLocation()
  // Read the current URL, so that changes by other components are kept.
  return [query, changes => route(path + updateSearch(location.search, changes), true)]
}
