/** Serves the console on this machine. */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import type { ConsoleHono } from './http/person.ts'

export interface ConsoleServer {
  readonly port: number
  /** Stops the server and closes open streams. */
  close(): Promise<void>
}

/** Time for which a request may be incomplete, in milliseconds. */
const REQUEST_MS = 30_000
/** Maximum number of connections. */
const CONNECTIONS = 500

/** Returns a console whose root path redirects to another path. It is used to serve one area on a separate port. */
export function redirectRoot(path: string, app: Hono<ConsoleHono>): Hono<ConsoleHono> {
  const entrance = new Hono<ConsoleHono>()
  entrance.get('/', context => context.redirect(`${path}${new URL(context.req.url).search}`))
  entrance.all('*', context => app.fetch(context.req.raw, context.env))
  return entrance
}

/** Port that another process uses, or that this process is not permitted to use. */
export interface UnusablePort {
  readonly isInUse: boolean
  readonly message: string
}

/** Converts an error of `serveConsole`; undefined if it has another cause than its port. */
export function toUnusablePort(error: unknown): UnusablePort | undefined {
  const { code, port } = error as NodeJS.ErrnoException & { readonly port?: number }
  const isInUse = code === 'EADDRINUSE'
  if (!isInUse && code !== 'EACCES') return undefined
  const message = `Port ${port} ${isInUse ? 'is in use' : 'requires privileges that this process lacks'}`
  return { isInUse, message }
}

/**
 * Serves the console.
 *
 * @param host address to listen on. Use another address than the default only in a container whose port is published on 127.0.0.1.
 * Requests with host names of other machines are always rejected.
 * @param requestTimeout time for which a request may be incomplete, in milliseconds
 * @throws the error of the port; see `toUnusablePort`
 */
export async function serveConsole(
  app: Hono<ConsoleHono>,
  port: number,
  host = '127.0.0.1',
  requestTimeout = REQUEST_MS,
): Promise<ConsoleServer> {
  const { promise, resolve, reject } = Promise.withResolvers<AddressInfo>()
  const serverOptions = { requestTimeout, connectionsCheckingInterval: requestTimeout }
  const server = serve({ fetch: app.fetch, hostname: host, port, serverOptions }, resolve) as Server
  server.maxConnections = CONNECTIONS
  server.on('error', reject)
  const address = await promise
  return {
    port: address.port,
    close: () =>
      new Promise(resolveClosed => {
        server.close(() => resolveClosed())
        server.closeAllConnections()
      }),
  }
}
