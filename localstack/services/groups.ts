import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

// Each server leads a process group of its own: a Ctrl-C in the terminal does not reach it before its turn, and
// what it starts itself ends with it.

/** Time that a server gets to end by itself, in milliseconds; Kafka writes its indexes, LocalStack ends its threads. */
export const GRACE_MS = 15_000

/** Sends a signal to a whole group; false where it is gone. */
export function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-leader, signal)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // macOS answers EPERM for a group of which only a zombie is left.
    if (code === 'ESRCH' || code === 'EPERM') return false
    throw error
  }
}

/**
 * Ends a group that is not our child: SIGTERM, and SIGKILL where it is still there after the grace.
 * Nobody tells when a foreign process ends, so it is asked for.
 */
export async function endForeignGroup(leader: number, graceMs = GRACE_MS): Promise<void> {
  const giveUpAtMs = Date.now() + graceMs
  signalGroup(leader, 'SIGTERM')
  while (signalGroup(leader, 0)) {
    if (Date.now() > giveUpAtMs) {
      signalGroup(leader, 'SIGKILL')
      return
    }
    await pause(50)
  }
}

export interface ProcessFacts {
  readonly parent: number
  readonly commandLine: string
}

/** Who started a process and by which command line; undefined where there is no such process. */
export function processFacts(pid: number): ProcessFacts | undefined {
  return process.platform === 'linux' ? factsFromProc(pid) : factsFromPs(pid)
}

function factsFromProc(pid: number): ProcessFacts | undefined {
  try {
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    // "pid (name) state ppid …": the name may hold blanks and brackets.
    const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '')
    const [state = 'Z', parent = '0'] = afterName.split(' ')
    return state === 'Z' ? undefined : { parent: Number(parent), commandLine }
  } catch {
    return undefined
  }
}

function factsFromPs(pid: number): ProcessFacts | undefined {
  const ps = spawnSync('ps', ['-ww', '-o', 'ppid=,args=', '-p', String(pid)], { encoding: 'utf8' })
  const found = /^\s*(\d+)\s+(.*)$/m.exec(ps.stdout ?? '')
  return found ? { parent: Number(found[1]), commandLine: found[2] ?? '' } : undefined
}
