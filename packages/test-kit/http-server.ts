import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LOOPBACK } from './local-servers.ts'

export interface HttpServer {
  readonly port: number
  /** Address without a path. */
  readonly url: string
  close(): Promise<void>
}

/** Starts an HTTP server for a test. It ends with its connections, whether or not they have been answered. */
export async function startHttpServer(listener: RequestListener): Promise<HttpServer> {
  const server = createServer(listener).listen(0, LOOPBACK)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://${LOOPBACK}:${port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
