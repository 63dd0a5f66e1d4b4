import { userOf } from '../programs/person.ts'
import type { Terminal } from './terminal.ts'

/** Who is at the terminal, for the trail that a change leaves. */
export function personAt({ environment }: Pick<Terminal, 'environment'>): string {
  return userOf(environment)
}
