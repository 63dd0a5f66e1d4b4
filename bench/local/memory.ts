/** Memory of a process and its descendants, from Linux's /proc. */
import { readdir, readFile } from 'node:fs/promises'

/** Proportional set size in MiB by the name of a part: a page that several processes share counts for each of them in part. */
export type Memory = ReadonlyMap<string, number>

/** The processes of `npm start`, by their command lines. The first pattern that matches counts. */
const PARTS: readonly (readonly [name: string, command: RegExp])[] = [
  ['npm', /^npm |bootstrap\.mjs/],
  ['start and console', /localstack\/start\.ts/],
  ['framework and functions', /serverless\.js/],
  ['esbuild', /esbuild/],
  ['LocalStack', /localstack\/aws\/run\.py/],
  ['Kafka', /kafka\.Kafka/],
  ['Valkey', /valkey-server/],
]

/** Memory by part, in the order of the processes. `other` is whatever matches no part, such as the watchdog of the servers. */
export async function memoryOf(root: number): Promise<Memory> {
  const memory = new Map<string, number>()
  for (const pid of descendants(root, await parents())) {
    const [command, rollup] = await Promise.all([content(pid, 'cmdline'), content(pid, 'smaps_rollup')])
    const kib = Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0)
    const name = partOf(command.replaceAll('\0', ' '))
    memory.set(name, (memory.get(name) ?? 0) + kib / 1024)
  }
  return memory
}

export function totalOf(memory: Memory): number {
  return [...memory.values()].reduce((sum, mib) => sum + mib, 0)
}

export function partOf(command: string): string {
  return PARTS.find(([, pattern]) => pattern.test(command))?.[0] ?? 'other'
}

/** The process itself, and all processes below it. */
export function descendants(root: number, parentOf: ReadonlyMap<number, number>): number[] {
  const found = [root]
  for (const pid of found) for (const [child, parent] of parentOf) if (parent === pid) found.push(child)
  return found
}

async function parents(): Promise<Map<number, number>> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name)).map(Number)
  const stats = await Promise.all(pids.map(async pid => [pid, await content(pid, 'stat')] as const))
  // "pid (name) state ppid …": the name may hold blanks and brackets.
  return new Map(stats.map(([pid, stat]) => [pid, Number(stat.replace(/^.*\) /s, '').split(' ')[1])]))
}

/** Returns an empty text if the process has ended. */
function content(pid: number, file: string): Promise<string> {
  return readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')
}
