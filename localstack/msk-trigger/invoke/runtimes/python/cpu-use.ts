import { readFileSync } from 'node:fs'

/** The kernel counts processor time in these, on every machine. */
const TICK_MS = 10

/** Positions after the name of the program, which may contain spaces. See proc_pid_stat(5). */
const USER_TIME = 11
const SYSTEM_TIME = 12

/** How much of a processor a process has used since this was created. */
export class CpuUse {
  readonly #pid: number | undefined
  readonly #sinceMs = performance.now()
  readonly #usedBeforeMs: number

  constructor(pid: number | undefined) {
    this.#pid = pid
    this.#usedBeforeMs = usedMs(pid)
  }

  /** Whether it was more than half of one. False where the system does not tell: only Linux does. */
  isHigh(): boolean {
    return usedMs(this.#pid) - this.#usedBeforeMs > (performance.now() - this.#sinceMs) / 2
  }
}

function usedMs(pid: number | undefined): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return TICK_MS * (Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME]))
  } catch {
    return 0
  }
}
