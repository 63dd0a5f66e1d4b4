/** Receives the functions' spans on this machine, by OTLP/HTTP in JSON, as a collector does. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { jsonIn } from '../../lib/json.ts'
import { spansIn } from './otlp.ts'
import { SpanStore } from './span-store.ts'

export interface SpanReceiver {
  readonly store: SpanStore
  /** Variables for the functions: address and credentials for spans, and the sampling rate. */
  readonly variables: Readonly<Record<string, string>>
  close(): Promise<void>
}

/** Several times what one request of the functions takes. */
const MAX_BYTES = 8 * 1024 * 1024

/** Listens on a free port of 127.0.0.1. Senders need a token, which only the returned variables contain. */
export async function receiveSpans(store: SpanStore = new SpanStore()): Promise<SpanReceiver> {
  const token = randomBytes(16).toString('hex')
  const server = createServer((request, response) => {
    answer(request, token, store).then(
      ({ status, body }) => respond(response, status, body),
      // The connection broke while it was read.
      () => response.destroy(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // An open server must not keep a finished program alive.
  server.unref()
  return {
    store,
    variables: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${token}`,
      OTEL_TRACES_SAMPLER: 'always_on',
      // Enough to look at. More would take as much processor time as the records themselves.
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
  if (method !== 'POST' || url !== '/v1/traces') return refusal(404, 'Spans are sent by POST to /v1/traces.')
  if (headers.authorization !== `Bearer ${token}`) return refusal(401, 'The token is missing or wrong.')
  if (!/^application\/json\b/.test(headers['content-type'] ?? ''))
    return refusal(415, 'Spans are read in JSON alone.')
  const body = await bodyOf(request)
  if (body === undefined) return refusal(413, `A request has at most ${MAX_BYTES} bytes.`)
  const taken = spansIn(jsonIn(body))
  if (!taken) return refusal(400, 'The body is no ExportTraceServiceRequest in JSON.')
  store.add(taken.spans)
  // OTLP, "Partial Success": nothing is said where all were taken.
  const { wrong } = taken
  return { status: 200, body: wrong === 0 ? {} : { partialSuccess: { rejectedSpans: String(wrong) } } }
}

function refusal(status: number, message: string): Answer {
  return { status, body: { message } }
}

/** Undefined if it is too large. */
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
  // Unread bytes of a request would be taken for the next one.
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
