import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

/** A note per port that one of our processes has been given. Shared by all of a user's processes. */
const FOLDER = join(tmpdir(), `sluice-ports-${userInfo().uid}`)

/** The notes of a process that was killed are taken away after this long. */
const KEPT_MS = 10 * 60_000

const ours = new Set<string>()

/**
 * Reserves a port for this process, as long as it lives; false where it is reserved already. Between the moment when a port
 * is found free and the moment when its server listens lie seconds, in which another process must not be given the same one.
 */
export function reservePort(port: number): boolean {
  const note = join(FOLDER, String(port))
  try {
    mkdirSync(FOLDER, { recursive: true })
    writeFileSync(note, String(process.pid), { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    forgetIfStale(note)
    return false
  }
  if (ours.size === 0) process.once('exit', forgetOurs)
  ours.add(note)
  return true
}

function forgetOurs(): void {
  for (const note of ours) rmSync(note, { force: true })
}

/** For the next one that asks: were the port given at once, two processes could each take away the note of the other. */
function forgetIfStale(note: string): void {
  try {
    const isOld = Date.now() - statSync(note).mtimeMs > KEPT_MS
    if (isOld && !isAlive(Number(readFileSync(note, 'utf8')))) rmSync(note, { force: true })
  } catch {
    // Somebody has just taken it away.
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
