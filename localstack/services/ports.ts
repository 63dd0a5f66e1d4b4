import { randomInt } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
// biome-ignore lint/correctness/useImportExtensions: this is the file that runs; .d.mts beside it holds its types
import { alive } from '../../programs/lock-file.mjs'
import { UserError } from '../../programs/user-error.ts'

/** The only address that any server here listens on. */
export const LOOPBACK = '127.0.0.1'

/** A port to listen on, and the environment variable that sets another. */
export interface WantedPort {
  readonly port: number
  readonly variable: string
  /** Name of the listener, for the user. */
  readonly title: string
}

/**
 * Checks that ports are free.
 *
 * @throws UserError naming every port that is in use
 */
export async function requireFreePorts(wanted: readonly WantedPort[]): Promise<void> {
  const taken: WantedPort[] = []
  for (const one of wanted) if (await portInUse(one.port)) taken.push(one)
  if (taken.length === 0) return
  const lines = taken.map(({ port, variable, title }) => {
    // If one variable stands for several ports, it names the first of them: suggest one after the last that is in use.
    const last = Math.max(...taken.filter(one => one.variable === variable).map(one => one.port))
    return `Port ${port} for ${title} is in use. Stop the program that listens there, or set another port: ${variable}=${last + 1}`
  })
  throw new UserError(lines.join('\n'))
}

/** Whether something listens on a local port, on loopback or on all addresses. */
export async function portInUse(port: number): Promise<boolean> {
  // If the system lets two programs listen on one port (macOS), only a connection reveals the other one.
  return (await accepts(LOOPBACK, port)) || !(await canListen(port))
}

/**
 * Below the ephemeral ports (from 32768 on Linux, from 49152 elsewhere). An ephemeral port could be taken by any
 * connection between the check and the start of the server.
 */
const GIVEN = { from: 12_000, to: 32_000 }

/** Returns a free port, which no other process of this project gets while this one lives. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(GIVEN.from, GIVEN.to)
    if (reservePort(port) && !(await portInUse(port))) return port
  }
}

/** Returns several different free ports. */
export function freePorts(count: number): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, freePort))
}

/** Whether a TCP connection is accepted within `timeoutMs`. */
export function accepts(host: string, port: number, timeoutMs = 1_000): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host, port, timeout: timeoutMs })
    const settle = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => settle(true))
    socket.once('timeout', () => settle(false))
    socket.once('error', () => settle(false))
  })
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false)
      else reject(new UserError(`Cannot listen on port ${port}: ${error.message}. Set another one.`))
    })
    server.listen(port, LOOPBACK, () => server.close(() => resolve(true)))
  })
}

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
    if (isOld && !alive(Number(readFileSync(note, 'utf8')))) rmSync(note, { force: true })
  } catch {
    // Another process has just removed it.
  }
}
