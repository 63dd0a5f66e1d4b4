import { randomInt } from 'node:crypto'
import { connect, createServer } from 'node:net'
import { LocalCloudError } from '../failure.ts'
import { reservePort } from './reserved-ports.ts'

/** The only address that anything here listens on. */
export const LOOPBACK = '127.0.0.1'

/** A port that somebody wants to listen on, and the environment variable that chooses another. */
export interface WantedPort {
  readonly port: number
  readonly variable: string
  /** Who wants it, for a person. */
  readonly title: string
}

/** Throws one error that names every port of these that is taken. */
export async function requireFreePorts(wanted: readonly WantedPort[]): Promise<void> {
  const taken: WantedPort[] = []
  for (const one of wanted) if (await portInUse(one.port)) taken.push(one)
  if (taken.length === 0) return
  const lines = taken.map(({ port, variable, title }) => {
    // Where one variable stands for several ports, they begin there: behind the last that is taken.
    const last = Math.max(...taken.filter(one => one.variable === variable).map(one => one.port))
    return `Port ${port}, wanted for ${title}, is in use. Stop what listens there, or choose another: ${variable}=${last + 1}`
  })
  throw new LocalCloudError(lines.join('\n'))
}

/** Whether something listens on a port of this machine, on loopback or on every address. */
export async function portInUse(port: number): Promise<boolean> {
  // Where the system lets two programs listen side by side (macOS), only the connection shows the other one.
  return (await accepts(LOOPBACK, port)) || !(await canListen(port))
}

/**
 * Below the ports that systems hand out by themselves (from 32768 on Linux, from 49152 elsewhere). One of those could go to
 * any connection or listener between the moment when it is found free and the moment when its server listens.
 */
const GIVEN = { from: 12_000, to: 32_000 }

/** A port that is free, and is given to no other process of ours as long as this one lives. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(GIVEN.from, GIVEN.to)
    if (reservePort(port) && !(await portInUse(port))) return port
  }
}

/** As many, none of them twice. */
export function freePorts(count: number): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, freePort))
}

/** Whether a TCP connection is taken within `timeoutMs`. */
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
      else reject(new LocalCloudError(`Cannot listen on port ${port}: ${error.message}. Choose another one.`))
    })
    server.listen(port, LOOPBACK, () => server.close(() => resolve(true)))
  })
}
