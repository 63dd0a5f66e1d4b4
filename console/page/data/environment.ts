/** What the server has said about the environment, for all parts of the page. */
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Answers } from '../../api/api.ts'

export type Shown = Answers['/environment']

export const EnvironmentContext = createContext<Shown | undefined>(undefined)

export function useEnvironment(): Shown {
  const shown = useContext(EnvironmentContext)
  if (!shown) throw new Error('nothing is shown before the environment is known')
  return shown
}

export function useIsOperator(): boolean {
  return useEnvironment().person.role === 'operator'
}
