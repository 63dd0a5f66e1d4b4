import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { LOOPBACK } from './local-servers.ts'

export interface Front {
  readonly port: number
  /** Abandons the open connections without closing them, like a process that has frozen. New connections are served. */
  forget(): void
  stop(): void
}

/**
 * Starts a proxy in front of a server. The proxy adds TLS, which the project's Valkey does not support, or provides an address that
 * can switch to another server.
 *
 * @param target returns the port of the server for each new connection
 */
export async function startFront(
  target: () => number | undefined,
  tls?: { readonly cert: string; readonly key: string },
): Promise<Front> {
  const open = new Set<Socket>()
  const take = (front: Socket) => {
    const back = connect(target() ?? 0, LOOPBACK)
    join(front, back)
    join(back, front)
  }
  const join = (from: Socket, to: Socket) => {
    open.add(from)
    from.on('error', () => {})
    from.once('close', () => {
      open.delete(from)
      to.destroy()
    })
    from.pipe(to)
  }
  const server: Server = tls ? createTlsServer(tls, take) : createServer(take)
  server.listen(0, LOOPBACK)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    forget() {
      for (const socket of open) {
        socket.unpipe()
        socket.resume()
      }
    },
    stop() {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}
