/** The part of the API of Amazon MSK that returns the brokers' addresses. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LOOPBACK } from '../../localstack/services/ports.ts'

export interface MskEmulator {
  /** Value of `AWS_ENDPOINT_URL_KAFKA`. */
  readonly endpoint: string
  /** How often it was asked. */
  readonly asked: number
  stop(): void
}

/**
 * Answers `GET /v1/clusters/{arn}/bootstrap-brokers`, for requests that are signed for the region in the ARN.
 *
 * @param clusters what is answered for each ARN, as the API spells it
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
