/** Local OTLP/HTTP receiver for the functions' spans, in JSON. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { jsonIn } from '../../lib/json.ts'
import { spansIn } from './otlp.ts'
import { SpanStore } from './span-store.ts'

export interface SpanReceiver {
  readonly store: SpanStore
  /** Environment variables for the functions: endpoint, credentials and sampling rate. */
  readonly variables: Readonly<Record<string, string>>
  close(): Promise<void>
}

/** Maximum size of a request in bytes. It is several times the size of the requests that functions send. */
const MAX_BYTES = 8 * 1024 * 1024

/** Listens on a free port of 127.0.0.1. Requests require a random token, which is contained only in the returned variables. */
export async function receiveSpans(store: SpanStore = new SpanStore()): Promise<SpanReceiver> {
  const token = randomBytes(16).toString('hex')
  const server = createServer((request, response) => {
    answer(request, token, store).then(
      ({ status, body }) => respond(response, status, body),
      // Reading the body failed, because the client has closed the connection.
      () => response.destroy(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // Do not keep the process running only because of this server.
  server.unref()
  return {
    store,
    variables: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${token}`,
      OTEL_TRACES_SAMPLER: 'always_on',
      // Maximum number of traced records per second. If all records were traced, exporting spans would take as much CPU time as
      // processing the records.
      OTEL_TRACES_SAMPLER_ARG: '50',
    },
    close: () => closed(server),
  }
}

interface Answer {
  readonly status: number
  readonly body: object
}

async function answer(request: IncomingMessage, token: string, store: SpanStore): Promise<Answer> {
  const { method, url, headers } = request
  if (method !== 'POST' || url !== '/v1/traces')
    return refusal(404, 'Not found. Send spans with POST to /v1/traces.')
  if (headers.authorization !== `Bearer ${token}`) return refusal(401, 'The token is missing or wrong.')
  if (!/^application\/json\b/.test(headers['content-type'] ?? ''))
    return refusal(415, 'Unsupported content type. Send spans as application/json.')
  const body = await bodyOf(request)
  if (body === undefined) return refusal(413, `The request is too large. The limit is ${MAX_BYTES} bytes.`)
  const taken = spansIn(jsonIn(body))
  if (!taken) return refusal(400, 'The body must be an ExportTraceServiceRequest in JSON.')
  store.add(taken.spans)
  // OTLP "Partial Success": the response is empty if all spans were accepted.
  const { wrong } = taken
  return { status: 200, body: wrong === 0 ? {} : { partialSuccess: { rejectedSpans: String(wrong) } } }
}

function refusal(status: number, message: string): Answer {
  return { status, body: { message } }
}

/** Reads the body of a request; undefined if it is too large. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length
    if (bytes > MAX_BYTES) return undefined
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString()
}

function respond(response: ServerResponse, status: number, body: object): void {
  // After an error, close the connection, because the unread rest of the body would be parsed as the next request.
  const close = status >= 400 ? { connection: 'close' } : {}
  response.writeHead(status, { 'content-type': 'application/json', ...close })
  response.end(JSON.stringify(body))
}

async function closed(server: Server): Promise<void> {
  const over = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await over
}
