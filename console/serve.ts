/** Serves the console on this machine. */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import type { ConsoleHono } from './http/person.ts'

export interface Served {
  readonly port: number
  /** Stops the server and closes open streams. */
  close(): Promise<void>
}

/** Time for which a request may be incomplete, in milliseconds. */
const REQUEST_MS = 30_000
/** Maximum number of connections. */
const CONNECTIONS = 500

/** Returns a console whose root path redirects to another path. It is used to serve one area on a separate port. */
export function beginningAt(path: string, app: Hono<ConsoleHono>): Hono<ConsoleHono> {
  const entrance = new Hono<ConsoleHono>()
  entrance.get('/', context => context.redirect(`${path}${new URL(context.req.url).search}`))
  entrance.all('*', context => app.fetch(context.req.raw, context.env))
  return entrance
}

/** Error for a port that is in use, or that the process is not permitted to use. */
export class PortUnusable extends Error {
  override readonly name = 'PortUnusable'
  readonly isInUse: boolean

  constructor(port: number, isInUse: boolean) {
    super(`Port ${port} ${isInUse ? 'is in use' : 'requires privileges that this process lacks'}`)
    this.isInUse = isInUse
  }
}

/**
 * Serves the console.
 *
 * @param host address to listen on. Use another address than the default only in a container whose port is published on 127.0.0.1.
 * Requests with host names of other machines are always rejected.
 * @param requestTimeout time for which a request may be incomplete, in milliseconds
 * @throws PortUnusable
 */
export async function serveConsole(
  app: Hono<ConsoleHono>,
  port: number,
  host = '127.0.0.1',
  requestTimeout = REQUEST_MS,
): Promise<Served> {
  const { promise, resolve, reject } = Promise.withResolvers<AddressInfo>()
  const serverOptions = { requestTimeout, connectionsCheckingInterval: requestTimeout }
  const server = serve({ fetch: app.fetch, hostname: host, port, serverOptions }, resolve) as Server
  server.maxConnections = CONNECTIONS
  server.on('error', (error: NodeJS.ErrnoException) => {
    const isInUse = error.code === 'EADDRINUSE'
    reject(isInUse || error.code === 'EACCES' ? new PortUnusable(port, isInUse) : error)
  })
  const address = await promise
  return {
    port: address.port,
    close: () =>
      new Promise(done => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}
