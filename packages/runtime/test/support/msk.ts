/** Emulator of the part of the Amazon MSK API that returns the addresses of brokers. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LOOPBACK } from '@sluice/test-kit/local-servers'

export interface MskEmulator {
  /** URL for the environment variable `AWS_ENDPOINT_URL_KAFKA`. */
  readonly endpoint: string
  /** Number of requests received. */
  readonly asked: number
  stop(): void
}

/**
 * Starts an emulator that responds to `GET /v1/clusters/{arn}/bootstrap-brokers` if the request is signed for the region of the
 * ARN.
 *
 * @param clusters responses by ARN, in the format of the API
 */
export async function startMsk(clusters: Readonly<Record<string, object>>): Promise<MskEmulator> {
  let asked = 0
  const server = createServer((request, response) => {
    asked += 1
    const [, path = ''] = /^\/v1\/clusters\/([^/]+)\/bootstrap-brokers$/.exec(request.url ?? '') ?? []
    const arn = decodeURIComponent(path)
    const region = /Credential=[^/]+\/\d+\/([^/]+)\/kafka\//.exec(request.headers.authorization ?? '')?.[1]
    const answer = region === arn.split(':')[3] ? clusters[arn] : undefined
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer ?? { message: 'no such cluster' }))
  })
  server.listen(0, LOOPBACK)
  await once(server, 'listening')
  return {
    endpoint: `http://${LOOPBACK}:${(server.address() as AddressInfo).port}`,
    get asked() {
      return asked
    },
    stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}
