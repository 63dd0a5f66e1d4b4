import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * Returns the start time of a process as text; undefined if no process with this id is running. Id and start time together identify
 * a process; an id alone does not, because the system reuses process ids.
 */
export function processStart(pid: number): string | undefined {
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid)
}

/**
 * Returns the fields of a process in /proc from the third on, which is its state (proc_pid_stat(5)).
 *
 * @throws Error if no process with this id is running
 */
export function readStatFields(pid: number): string[] {
  // Format: "pid (name) state …". The name may contain spaces and parentheses.
  return readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
}

function fromProc(pid: number): string | undefined {
  try {
    // Field 22 is the start in clock ticks since boot.
    const fields = readStatFields(pid)
    if (fields[0] === 'Z') return undefined
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot} ${fields[19]}`
  } catch {
    return undefined
  }
}

function fromPs(pid: number): string | undefined {
  try {
    const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' }
    const stdio = ['ignore', 'pipe', 'ignore'] as const
    return (
      execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
        encoding: 'utf8',
        env,
        stdio: [...stdio],
      }).trim() || undefined
    )
  } catch {
    return undefined
  }
}
