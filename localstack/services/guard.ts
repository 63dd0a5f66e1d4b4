import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

let watchdog: ChildProcess | undefined
const guarded = new Set<number>()

/**
 * Ensures that a process group ends when this process ends, for whatever reason: see `watchdog.ts`.
 * @returns call this when the group has ended. If it was the last one, the promise resolves when the watchdog has
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
    // Otherwise this process could exit while it waits.
    current.ref()
    if (current.exitCode === null && current.signalCode === null) await once(current, 'exit')
  }
}

function startWatchdog(): ChildProcess {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'watchdog.ts')], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  // The watchdog itself may have been killed. The servers then keep running with less protection.
  child.stdin?.on('error', () => {})
  child.on('error', () => {})
  child.unref()
  return child
}
