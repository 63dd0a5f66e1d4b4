import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

let watchdog: ChildProcess | undefined
const guarded = new Set<number>()

/**
 * Sees to it that a process group ends when this process does, however this one ends: see `watchdog.ts`.
 * @returns what to call once the group has ended; it resolves when nothing of the guard is left, if it was the last
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
    // Otherwise this process would end while it waits, where nothing else keeps it.
    current.ref()
    if (current.exitCode === null && current.signalCode === null) await once(current, 'exit')
  }
}

function startWatchdog(): ChildProcess {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'watchdog.ts')], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  // Somebody may have ended the watchdog itself; the servers run on, only less well guarded.
  child.stdin?.on('error', () => {})
  child.on('error', () => {})
  child.unref()
  return child
}
