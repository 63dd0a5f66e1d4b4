import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { LOOPBACK } from '../../localstack/services/ports.ts'

export interface Front {
  readonly port: number
  /** Leaves the connections that it has open, with nobody at the other end: as a freeze does. New ones are served. */
  forget(): void
  stop(): void
}

/**
 * Stands before a server: with TLS, which the Valkey of the project is built without, or as an endpoint that leads now
 * to one server and now to another.
 *
 * @param target the port behind it; asked for at each connection
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
