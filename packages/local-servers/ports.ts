import { randomInt } from 'node:crypto'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
// biome-ignore lint/correctness/useImportExtensions: this is the file that runs; .d.mts beside it holds its types
import { alive } from './lock-file.mjs'
import { UserError } from './user-error.ts'

/** Address on which servers of this project listen. They never listen on any other address. */
export const LOOPBACK = '127.0.0.1'

/** Port to listen on, and the environment variable with which users set another port. */
export interface WantedPort {
  readonly port: number
  readonly variable: string
  /** Name of the listener for messages. */
  readonly title: string
}

/**
 * Checks that ports are free.
 *
 * @throws UserError naming every port that is in use
 */
export async function requireFreePorts(wanted: readonly WantedPort[]): Promise<void> {
  const usedPorts: WantedPort[] = []
  for (const port of wanted) if (await isPortInUse(port.port)) usedPorts.push(port)
  if (usedPorts.length === 0) return
  const taken = new Set(wanted.map(({ port }) => port))
  const lines: string[] = []
  for (const { port, variable, title } of usedPorts) {
    // The variable contains the first of several ports.
    const count = wanted.filter(other => other.variable === variable).length
    const free = await findFreePort(port + 1, count, taken)
    for (let at = 0; at < count; at += 1) taken.add(free + at)
    lines.push(
      `Port ${port} for ${title} is in use. Stop the program that listens there, or set another port: ${variable}=${free}`,
    )
  }
  throw new UserError(lines.join('\n'))
}

/**
 * Returns the first port from which on `count` ports are free.
 *
 * @param taken ports that are for other programs
 */
export async function findFreePort(
  from: number,
  count = 1,
  taken: ReadonlySet<number> = new Set(),
): Promise<number> {
  for (let first = from; ; first += 1) {
    if (first + count - 1 > LAST_PORT) first = FIRST_PORT
    let free = 0
    while (free < count && !taken.has(first + free) && !(await isPortInUse(first + free))) free += 1
    if (free === count) return first
  }
}

/** Returns true if a program listens on a local port, on the loopback address or on all addresses. */
export async function isPortInUse(port: number): Promise<boolean> {
  // On macOS, two programs can listen on the same port. Only a connection reveals the other program.
  return (await accepts(LOOPBACK, port)) || !(await canListen(port))
}

/**
 * Range of ports below the ephemeral ports (from 32768 on Linux, from 49152 elsewhere). An ephemeral port could be used by any
 * connection between the check and the start of the server.
 */
const GIVEN = { from: 12_000, to: 32_000 }

/** Ports that `findFreePort` suggests: without privileges. */
const [FIRST_PORT, LAST_PORT] = [1_024, 65_535]

/** Returns a free port and reserves it. Other processes do not get this port while this process is running. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(GIVEN.from, GIVEN.to)
    if (reservePort(port) && !(await isPortInUse(port))) return port
  }
}

/** Returns several different free ports. */
export function freePorts(count: number): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, freePort))
}

/** Returns true if a TCP connection is accepted within `timeoutMs`. */
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

/** Returns the file of a reserved port. All processes share it, so it does not depend on TMPDIR. */
const reservationFile = (port: number) => `/tmp/local-servers-port-${port}`

/** Age after which the reservations of killed processes are removed, in milliseconds. */
const KEPT_MS = 10 * 60_000

const own = new Set<string>()

/**
 * Reserves a port for the lifetime of this process. Returns false if it is already reserved. Without a reservation, another process
 * could get the same port before this process listens on it.
 */
function reservePort(port: number): boolean {
  const note = reservationFile(port)
  try {
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
 * Releases a stale reservation. The port is not returned to this caller but to the next one; otherwise two processes could each
 * remove the other's file.
 */
function removeIfStale(note: string): void {
  try {
    const isOld = Date.now() - statSync(note).mtimeMs > KEPT_MS
    if (isOld && !alive(Number(readFileSync(note, 'utf8')))) rmSync(note, { force: true })
  } catch {
    // Another process has just removed the file.
  }
}
