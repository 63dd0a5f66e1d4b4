import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LOOPBACK } from '#local-servers/ports.ts'

/** A receiver that takes requests and never answers them. */
export interface HangingReceiver {
  readonly url: string
  /** How many requests it has taken. */
  readonly requests: number
  close(): void
}

export async function startHangingReceiver(): Promise<HangingReceiver> {
  let requests = 0
  const server = createServer(request => {
    requests += 1
    request.resume()
  })
  server.listen(0, LOOPBACK)
  await once(server, 'listening')
  return {
    url: `http://${LOOPBACK}:${(server.address() as AddressInfo).port}/`,
    get requests() {
      return requests
    },
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
