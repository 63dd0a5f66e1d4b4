/** What a person has chosen on a page of telemetry stands in the address; several choices can change together. */

import { useRef } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { addressOf, useParameters } from '../data/address.ts'
import type { Answer } from '../data/answers.ts'

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

/** Until a changed question is answered, the answer before it stays: nothing flickers. */
export function useSteady<T>(asked: Answer<T>): Answer<T> {
  const last = useRef<T>(undefined)
  if (asked.answer !== undefined) last.current = asked.answer
  else if (asked.problem) last.current = undefined
  return { ...asked, answer: asked.answer ?? last.current }
}
