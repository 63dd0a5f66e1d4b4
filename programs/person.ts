import { userInfo } from 'node:os'

/** Who uses this machine, for the trail that a change leaves. */
export function userOf(environment: Readonly<Record<string, string | undefined>>): string {
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
