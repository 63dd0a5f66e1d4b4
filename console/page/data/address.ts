/** Reads and changes the choices in the address, so that it can be shared and the browser's back button works. */
import { useLocation } from 'preact-iso'
import { changedSearch } from './search.ts'

export { addressOf } from './search.ts'

/** A parameter of the address, and how to change it; an empty value takes it away. */
export function useParameter(name: string, otherwise = ''): [value: string, set: (value: string) => void] {
  const [query, change] = useParameters()
  return [query[name] ?? otherwise, value => change({ [name]: value === otherwise ? '' : value })]
}

/** All parameters of the address, and how to change several at once; an empty value takes one away. */
export function useParameters(): [
  query: Readonly<Record<string, string>>,
  change: (changes: Readonly<Record<string, string>>) => void,
] {
  const { query, path, route } = useLocation()
  // The address itself is read, so that changes by other parts are kept.
  return [query, changes => route(path + changedSearch(location.search, changes), true)]
}
