/** What a person has chosen on a page of telemetry stands in the address; several choices can change together. */
import { useLocation } from 'preact-iso'
import { addressOf, useParameters } from '../data/address.ts'

export interface Choices {
  /** Empty if nothing is chosen. */
  of(name: string): string
  /** The address with these choices instead; an empty one is taken away. */
  with(changes: Readonly<Record<string, string>>): string
  change(changes: Readonly<Record<string, string>>): void
}

export function useChoices(): Choices {
  const { path } = useLocation()
  const [query, change] = useParameters()
  return {
    of: name => query[name] ?? '',
    with: changes => addressOf(path, { ...query, ...changes }),
    change,
  }
}
