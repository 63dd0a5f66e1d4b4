/** Processor time and memory of processes and of Valkey. */
import { readdir, readFile } from 'node:fs/promises'
import type { RedisClient } from '#runtime/operating/redis'

/** Linux counts in hundredths of a second, and in pages. */
const TICK_MS = 10
const PAGE_BYTES = 4096

/**
 * The processor time that process groups have used so far, in milliseconds. Unlike a rate, it does not depend on what else the machine
 * does.
 *
 * @returns undefined where the system has no /proc
 */
export async function processorTime(groups: readonly number[]): Promise<number | undefined> {
  const stats = await readStats(groups)
  // User time (14), system time (15), and those of children that were waited for (16, 17).
  return stats && sum(stats.flatMap(fields => fields.slice(13, 17))) * TICK_MS
}

/** Returns the resident memory of process groups, in bytes; undefined where the system has no /proc. */
export async function residentBytes(groups: readonly number[]): Promise<number | undefined> {
  const stats = await readStats(groups)
  return stats && sum(stats.map(fields => fields[23] ?? 0)) * PAGE_BYTES
}

/** Returns the processor time of Valkey since its start, in milliseconds. */
export async function redisProcessorMs(redis: RedisClient): Promise<number> {
  const info = await redis.run(client => client.info('cpu'))
  const seconds = ['user', 'sys'].map(name =>
    Number(new RegExp(`^used_cpu_${name}:([\\d.]+)`, 'm').exec(info)?.[1]),
  )
  return sum(seconds) * 1000
}

/** Returns the fields of /proc/PID/stat for all processes of the groups; the first is at index 0. Source: proc_pid_stat(5). */
async function readStats(groups: readonly number[]): Promise<readonly (readonly number[])[] | undefined> {
  const names = await readdir('/proc').catch(() => [])
  const processes = names.filter(name => /^\d+$/.test(name))
  if (processes.length === 0) return undefined
  // A process may end while this looks.
  const texts = await Promise.all(processes.map(id => readFile(`/proc/${id}/stat`, 'utf8').catch(() => '')))
  // The second field is a name in brackets, which may hold anything.
  const stats = texts.map(text => [
    Number.NaN,
    Number.NaN,
    ...text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number),
  ])
  return stats.filter(fields => groups.includes(fields[4] as number))
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0)
}
