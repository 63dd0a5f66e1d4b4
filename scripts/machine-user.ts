import { userInfo } from 'node:os'

/** Returns the operating system's name of the current user, which variables such as USER do not affect. */
export function userOfMachine(): string {
  try {
    return userInfo().username
  } catch {
    // In containers, a user id often has no name.
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}
