/** Serves the console on this machine. */
import type { Server } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { getRequestListener, serve } from '@hono/node-server'
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
  const sockets = acceptHttp2(server, app)
  const address = await promise
  return {
    port: address.port,
    close: () =>
      new Promise(resolveClosed => {
        server.close(() => resolveClosed())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

/** Start of every HTTP/2 connection. No HTTP/1 request begins with it. */
const PREFACE = 'PRI * HTTP/2'

/** Lets a server also take HTTP/2 without TLS, which most clients of ksqlDB speak. @returns its open connections */
function acceptHttp2(server: Server, app: Hono<ConsoleHono>): ReadonlySet<Socket> {
  const http2 = createHttp2Server(getRequestListener(app.fetch))
  http2.on('stream', stream => {
    const timer = setTimeout(() => stream.close(), server.requestTimeout)
    for (const isOver of ['end', 'close']) stream.once(isOver, () => clearTimeout(timer))
  })
  const sockets = new Set<Socket>()
  const [toHttp1] = server.listeners('connection')
  server.removeAllListeners('connection').on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).once('close', () => sockets.delete(socket))
    socket.once('data', start => {
      socket.pause()
      socket.unshift(start)
      if (start.toString('latin1').startsWith(PREFACE)) return http2.emit('connection', socket)
      toHttp1?.call(server, socket)
      socket.resume()
    })
  })
  return sockets
}
