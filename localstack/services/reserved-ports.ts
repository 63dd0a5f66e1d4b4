import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

/** A folder with a note for each port that a process of this project has reserved. All processes of a user share it. */
const FOLDER = join(tmpdir(), `sluice-ports-${userInfo().uid}`)

/** Notes of a killed process are removed after this time. */
const KEPT_MS = 10 * 60_000

const own = new Set<string>()

/**
 * Reserves a port for the life of this process. Returns false if it is already reserved. Seconds can pass between
 * finding a port free and listening on it, and another process must not get the same port meanwhile.
 */
export function reservePort(port: number): boolean {
  const note = join(FOLDER, String(port))
  try {
    mkdirSync(FOLDER, { recursive: true })
    writeFileSync(note, String(process.pid), { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    removeIfStale(note)
    return false
  }
  if (own.size === 0) process.once('exit', removeOwn)
  own.add(note)
  return true
}

function removeOwn(): void {
  for (const note of own) rmSync(note, { force: true })
}

/**
 * Frees the port for the next caller, not for this one. If this call returned the port, two processes could each remove
 * the other's note.
 */
function removeIfStale(note: string): void {
  try {
    const isOld = Date.now() - statSync(note).mtimeMs > KEPT_MS
    if (isOld && !isAlive(Number(readFileSync(note, 'utf8')))) rmSync(note, { force: true })
  } catch {
    // Another process has just removed it.
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
