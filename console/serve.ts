/** Serves the console on this machine. */
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import type { ConsoleHono } from './access/person.ts'

export interface Served {
  readonly port: number
  /** Ends open streams, too. */
  close(): Promise<void>
}

/** The same console at an address of its own, whose root leads to one area. */
export function beginningAt(path: string, app: Hono<ConsoleHono>): Hono<ConsoleHono> {
  const entrance = new Hono<ConsoleHono>()
  entrance.get('/', context => context.redirect(`${path}${new URL(context.req.url).search}`))
  entrance.all('*', context => app.fetch(context.req.raw, context.env))
  return entrance
}

/** Nothing can listen on this port. */
export class PortInUse extends Error {
  override readonly name = 'PortInUse'
}

/**
 * Listens on 127.0.0.1 alone.
 *
 * @throws PortInUse
 */
export async function serveConsole(app: Hono<ConsoleHono>, port: number): Promise<Served> {
  const { promise, resolve, reject } = Promise.withResolvers<AddressInfo>()
  const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, resolve)
  server.on('error', (error: NodeJS.ErrnoException) =>
    reject(error.code === 'EADDRINUSE' ? new PortInUse(`Port ${port} is in use`) : error),
  )
  const address = await promise
  return {
    port: address.port,
    close: () =>
      new Promise(done => {
        server.close(() => done())
        if ('closeAllConnections' in server) server.closeAllConnections()
      }),
  }
}
