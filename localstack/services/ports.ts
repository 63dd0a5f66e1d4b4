import { randomInt } from 'node:crypto'
import { connect, createServer } from 'node:net'
import { UserError } from '../../programs/user-error.ts'
import { reservePort } from './reserved-ports.ts'

/** The only address that any server here listens on. */
export const LOOPBACK = '127.0.0.1'

/** A port to listen on, and the environment variable that sets another. */
export interface WantedPort {
  readonly port: number
  readonly variable: string
  /** What listens on it, for the user. */
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
