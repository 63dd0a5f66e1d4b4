import { userInfo } from 'node:os'

/** Returns the name that the operating system has for the user of this process. Variables such as USER do not change it. */
export function userOfMachine(): string {
  try {
    return userInfo().username
  } catch {
    // A user id that runs in a container often has no name.
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}
