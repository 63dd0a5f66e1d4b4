import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

// Each server has a process group of its own. Therefore Ctrl-C in the terminal does not end a server before it is stopped in order,
// and its child processes end with it.

/** Time limit for a server to shut down, in milliseconds. Kafka writes its indexes, and LocalStack ends its threads. */
export const GRACE_MS = 15_000

/** Sends a signal to a process group. Returns false if the group has ended. */
export function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-leader, signal)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // macOS returns EPERM for a group that contains only a zombie.
    if (code === 'ESRCH' || code === 'EPERM') return false
    throw error
  }
}

/**
 * Ends a process group that this process did not start. Sends SIGTERM, and SIGKILL after the grace period. The system does not
 * report the end of such a process, so its state is polled.
 */
export async function endForeignGroup(leader: number): Promise<void> {
  const killAtMs = Date.now() + GRACE_MS
  signalGroup(leader, 'SIGTERM')
  while (signalGroup(leader, 0)) {
    if (Date.now() > killAtMs) {
      signalGroup(leader, 'SIGKILL')
      return
    }
    await pause(50)
  }
}

let watchdog: ChildProcess | undefined
const guarded = new Set<number>()

/**
 * Ensures that a process group is ended when this process ends for any reason; see `watchdog.ts`.
 *
 * @returns a function to call when the group has ended. After the last group, its promise resolves only when the watchdog has
 * ended.
 */
export function guardGroup(leader: number): () => Promise<void> {
  watchdog ??= startWatchdog()
  watchdog.stdin?.write(`+${leader}\n`)
  guarded.add(leader)
  return async () => {
    guarded.delete(leader)
    const current = watchdog
    current?.stdin?.write(`-${leader}\n`)
    if (guarded.size > 0 || !current) return
    watchdog = undefined
    current.stdin?.end()
    // Without this, the process could exit while it is waiting.
    current.ref()
    if (current.exitCode === null && current.signalCode === null) await once(current, 'exit')
  }
}

function startWatchdog(): ChildProcess {
  const script = new URL(import.meta.url.endsWith('.ts') ? './watchdog.ts' : './watchdog.js', import.meta.url)
  const child = spawn(process.execPath, [fileURLToPath(script)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  // If the watchdog is killed, the servers continue to run without this protection.
  child.stdin?.on('error', () => {})
  child.on('error', () => {})
  child.unref()
  return child
}
