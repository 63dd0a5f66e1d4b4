import { userInfo } from 'node:os'
import type { Terminal } from './terminal.ts'

/** Who is at the terminal, for the trail that a change leaves. */
export function personAt({ environment }: Pick<Terminal, 'environment'>): string {
  return environment.USER || environment.LOGNAME || nameOfUser()
}

/** A user id that runs in a container often has no name. */
function nameOfUser(): string {
  try {
    return userInfo().username
  } catch {
    return 'unknown'
  }
}
