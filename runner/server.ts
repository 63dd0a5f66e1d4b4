/** HTTP endpoints for orchestrators and Prometheus. */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { OperationFailure } from '../lib/operations/failure.ts'
import { TEXT_FORMAT } from './metrics/metrics.ts'

export interface Endpoints {
  /** Returns the reasons why the process is not ready, one line each; empty if it is ready. Never rejects. */
  readonly notReady: () => Promise<readonly string[]>
  /** Returns all metrics in Prometheus's text format. */
  readonly metrics: () => Promise<string>
}

export interface Served {
  readonly port: number
  close(): Promise<void>
}

/**
 * Serves `/health` (200 while the process responds), `/ready` (200, or 503 with the reasons) and `/metrics`.
 *
 * @param port port to listen on; 0 for any free port
 * @throws OperationFailure if the port cannot be used
 */
export async function serveEndpoints(
  endpoints: Endpoints,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Served> {
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? ''
    request.resume()
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      answer(response, 405, { error: 'only GET and HEAD are allowed' })
    } else if (path === '/health') answer(response, 200, { status: 'ok' })
    else if (path === '/ready')
      void endpoints.notReady().then(reasons => {
        const isReady = reasons.length === 0
        answer(response, isReady ? 200 : 503, { status: isReady ? 'ready' : 'not ready', reasons })
      })
    else if (path === '/metrics')
      endpoints.metrics().then(
        text => response.writeHead(200, { 'content-type': TEXT_FORMAT }).end(text),
        () => answer(response, 500, { error: 'the metrics are not available' }),
      )
    else answer(response, 404, { error: 'not found; use /health, /ready or /metrics' })
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', (error: NodeJS.ErrnoException) => reject(refused(error, host, port)))
  server.listen(port, host, resolve)
  await promise
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise(done => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}

function refused({ code, message }: NodeJS.ErrnoException, host: string, port: number): OperationFailure {
  const why =
    { EADDRINUSE: 'the port is in use', EADDRNOTAVAIL: 'this machine does not have the address' }[
      code ?? ''
    ] ?? message
  return new OperationFailure(
    `Cannot listen on ${host}:${port}: ${why}. Set another address with --port or --host.`,
  )
}
