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

/** Nothing can listen on this port: another program does, or this one lacks the right to. */
export class PortUnusable extends Error {
  override readonly name = 'PortUnusable'
  readonly isInUse: boolean

  constructor(port: number, isInUse: boolean) {
    super(`Port ${port} ${isInUse ? 'is in use' : 'needs more rights than this program has'}`)
    this.isInUse = isInUse
  }
}

/**
 * @param host the address to listen on. Only in a container is it another one, behind a port that is published on 127.0.0.1:
 *   requests for the names of other machines are refused all the same.
 * @throws PortUnusable
 */
export async function serveConsole(
  app: Hono<ConsoleHono>,
  port: number,
  host = '127.0.0.1',
): Promise<Served> {
  const { promise, resolve, reject } = Promise.withResolvers<AddressInfo>()
  const server = serve({ fetch: app.fetch, hostname: host, port }, resolve)
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
        if ('closeAllConnections' in server) server.closeAllConnections()
      }),
  }
}
