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

/** Returns the lines of a text, such as entities in the URL, without repetitions. */
export function splitLines(text: string): string[] {
  return [...new Set(text.split('\n').filter(Boolean))]
}

/** Returns the lines of a query parameter, and a function that adds a line or removes it. */
export function useLines(name: string): [lines: readonly string[], toggle: (line: string) => void] {
  const [text, set] = useParameter(name)
  const lines = splitLines(text)
  const toggle = (line: string) => {
    const others = lines.filter(other => other !== line)
    set([...others, ...(others.length < lines.length ? [] : [line])].join('\n'))
  }
  return [lines, toggle]
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
