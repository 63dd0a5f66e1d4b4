/** Serves the console on this machine. */
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import type { Hono } from 'hono'
import type { ConsoleHono } from './access/person.ts'

export interface Served {
  readonly port: number
  /** Ends open streams, too. */
  close(): Promise<void>
}

/** Listens on 127.0.0.1 alone. @throws the error of the port, as `EADDRINUSE` */
export async function serveConsole(app: Hono<ConsoleHono>, port: number): Promise<Served> {
  const { promise, resolve, reject } = Promise.withResolvers<AddressInfo>()
  const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, resolve)
  server.on('error', reject)
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
