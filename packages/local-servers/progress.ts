import { readdirSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { readStatFields } from './process-start.ts'

/** Work that a program has done since its start. */
export type Work = readonly [processorMs: number, writtenBytes: number]

export interface Patience {
  /** Time without any work after which a program is given up, in milliseconds. */
  readonly idleMs?: number
  /** Receives the work so far, every ten seconds. */
  readonly onWait?: (work: string) => void
  readonly signal?: AbortSignal
  /** Waits until the next look. */
  readonly wait?: (ms: number) => Promise<unknown>
}

const LONGEST_MS = 10 * 60_000
const SAY_EVERY_MS = 10_000
const LOOK_EVERY_MS = 2_000
/** Less processor time than this does not count as work: a Java program whose threads only wait needs as much in a minute. */
const LEAST_WORK_MS = 1_000

/**
 * Waits until a program that should become ready does no work any more, or for ten minutes, and returns a description of its work. On a
 * busy machine, a program works slowly, and has time as long as it works. Looks are counted, so that time in which this process is
 * starved counts less.
 */
export async function untilStandstill(
  measure: () => Work,
  { idleMs = 60_000, onWait = () => {}, signal, wait = ms => pause(ms, undefined, { signal }) }: Patience,
): Promise<string> {
  let [before, movedAtMs]: [Work, number] = [[0, 0], 0]
  for (let waitedMs = LOOK_EVERY_MS; ; waitedMs += LOOK_EVERY_MS) {
    await wait(LOOK_EVERY_MS)
    signal?.throwIfAborted()
    const now = measure()
    if (now[1] !== before[1] || Math.abs(now[0] - before[0]) >= LEAST_WORK_MS)
      [before, movedAtMs] = [now, waitedMs]
    const work = `${(now[0] / 1_000).toFixed(1)} s of processor time, ${now[1]} bytes written`
    if (waitedMs - movedAtMs >= idleMs)
      return `was not ready, and did nothing for ${idleMs / 1_000} s (before: ${work})`
    if (waitedMs >= LONGEST_MS) return `was not ready within ten minutes (${work})`
    if (waitedMs % SAY_EVERY_MS === 0) onWait(work)
  }
}

/** Returns the processor time of a process group in milliseconds; zero on other systems than Linux, where output alone is work. */
export function groupProcessorMs(leader: number): number {
  if (process.platform !== 'linux') return 0
  let hundredths = 0
  for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name)))
    try {
      // Field 5 is the group, 14 to 17 are the times of the process and its ended children.
      const fields = readStatFields(Number(pid)).map(Number)
      if (fields[2] === leader) for (const time of fields.slice(11, 15)) hundredths += time
    } catch {
      // It has ended meanwhile.
    }
  return hundredths * 10
}
