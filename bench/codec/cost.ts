import process from 'node:process'

/** Microseconds of processor time, so that other work on the machine counts little. */
export function microseconds(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return user + system
}
