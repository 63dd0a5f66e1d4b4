import { readdir, readFile } from 'node:fs/promises'

/** Linux counts in hundredths of a second. */
const TICK_MS = 10

/**
 * The processor time that process groups have used so far, in milliseconds. Unlike a rate, it does not depend on what else the machine
 * does.
 *
 * @returns undefined where the system has no /proc
 */
export async function processorTime(groups: readonly number[]): Promise<number | undefined> {
  const names = await readdir('/proc').catch(() => [])
  const processes = names.filter(name => /^\d+$/.test(name))
  if (processes.length === 0) return undefined
  // A process may end while this looks.
  const stats = await Promise.all(processes.map(id => readFile(`/proc/${id}/stat`, 'utf8').catch(() => '')))
  return stats.reduce((sum, stat) => sum + timeIn(stat, groups), 0)
}

/** Returns the time in a line of /proc/PID/stat, if the process is of one of the groups. Source: proc_pid_stat(5). */
function timeIn(stat: string, groups: readonly number[]): number {
  // The second field is a name in brackets, which may hold anything.
  const [, , group, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // After pgrp (5): user time (14), system time (15), and those of children that were waited for (16, 17).
  const times = fields.slice(8, 12).map(Number)
  return groups.includes(Number(group)) ? times.reduce((sum, ticks) => sum + ticks, 0) * TICK_MS : 0
}
