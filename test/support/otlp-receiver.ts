/** OTLP/HTTP collector for JSON on the loopback address. It strictly checks that requests follow the protocol. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface ReceivedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly traceState: string | undefined
  readonly flags: number
  readonly name: string
  readonly kind: string
  readonly fromMs: number
  readonly toMs: number
  readonly attributes: Readonly<Record<string, string | number>>
  readonly status: 'unset' | 'error'
  readonly resource: Readonly<Record<string, string | number>>
}

/** Response of the collector: a status, no response at all, or a broken connection. */
export type Answer = { status?: number; body?: string; location?: string } | 'never' | 'breaks'

export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = []
  readonly requests: {
    readonly path: string
    readonly headers: IncomingHttpHeaders
    readonly body: string
  }[] = []
  /** Responses to the next requests, in order. Requests after these get a normal response. */
  readonly answers: Answer[] = []
  /** Protocol errors found in requests. */
  readonly faults: unknown[] = []
  readonly #server: Server

  private constructor() {
    this.#server = createServer(async (request, response) => {
      const body = await text(request)
      this.requests.push({ path: String(request.url), headers: request.headers, body })
      const answer = this.answers.shift() ?? {}
      if (answer === 'breaks') return void request.socket.destroy()
      if (answer === 'never') return
      if (answer.status === undefined) this.#take(request.method, request.url, request.headers, body)
      response.writeHead(answer.status ?? 200, {
        'content-type': 'application/json',
        ...(answer.location ? { location: answer.location } : {}),
      })
      response.end(answer.body ?? '{}')
    })
  }

  static async start(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver()
    receiver.#server.listen(0, '127.0.0.1')
    await once(receiver.#server, 'listening')
    return receiver
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    if (this.#server.listening) await once(this.#server, 'close')
  }

  #take(
    method: string | undefined,
    url: string | undefined,
    headers: IncomingHttpHeaders,
    body: string,
  ): void {
    try {
      assert.deepEqual([method, url, headers['content-type']], ['POST', '/v1/traces', 'application/json'])
      this.spans.push(...decoded(body))
    } catch (error) {
      this.faults.push(error)
    }
  }
}

// Decodes messages of opentelemetry-proto 1.x in Protobuf's JSON mapping, with hexadecimal ids. Unknown fields are errors here,
// although a real collector would ignore them.

function decoded(body: string): ReceivedSpan[] {
  const { resourceSpans } = only(JSON.parse(body), ['resourceSpans'])
  return list(resourceSpans).flatMap(each => {
    const { resource, scopeSpans } = only(each, ['resource', 'scopeSpans'])
    const of = attributes(only(resource, ['attributes']).attributes)
    return list(scopeSpans).flatMap(each => {
      const { scope, spans } = only(each, ['scope', 'spans'])
      assert.equal(typeof only(scope, ['name']).name, 'string')
      return list(spans).map(span => decodedSpan(span, of))
    })
  })
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer']

function decodedSpan(message: unknown, resource: ReceivedSpan['resource']): ReceivedSpan {
  const names = [
    'traceId',
    'spanId',
    'parentSpanId',
    'traceState',
    'flags',
    'name',
    'kind',
    'attributes',
    'status',
  ]
  const span = only(message, [...names, 'startTimeUnixNano', 'endTimeUnixNano'])
  const { traceId, spanId, parentSpanId, traceState, flags, name, kind } = span
  for (const [id, digits] of [
    [traceId, 32],
    [spanId, 16],
    [parentSpanId, 16],
  ] as const)
    assert.match(String(id), new RegExp(`^(?!0+$)[0-9a-f]{${digits}}$`))
  assert.ok(Number.isInteger(flags) && typeof name === 'string' && KINDS[kind as number])
  const [fromMs, toMs] = [milliseconds(span.startTimeUnixNano), milliseconds(span.endTimeUnixNano)]
  assert.ok(fromMs <= toMs, 'a span ends after its beginning')
  const { code = 0 } = only(span.status, ['code', 'message'])
  assert.ok(code === 0 || code === 2)
  return {
    traceId: traceId as string,
    spanId: spanId as string,
    parentSpanId: parentSpanId as string,
    traceState: traceState as string | undefined,
    flags: flags as number,
    name,
    kind: KINDS[kind as number] as string,
    fromMs,
    toMs,
    attributes: attributes(span.attributes),
    status: code === 2 ? 'error' : 'unset',
    resource,
  }
}

function attributes(message: unknown): Record<string, string | number> {
  const pairs = list(message).map(each => {
    const { key, value } = only(each, ['key', 'value'])
    const { stringValue, intValue } = only(value, ['stringValue', 'intValue'])
    assert.ok(typeof key === 'string' && (stringValue === undefined) !== (intValue === undefined))
    if (stringValue !== undefined) return [key, String(stringValue)] as const
    assert.match(intValue as string, /^-?\d+$/, '64-bit integers are text')
    return [key, Number(intValue)] as const
  })
  assert.equal(new Set(pairs.map(([key]) => key)).size, pairs.length, 'each attribute once')
  return Object.fromEntries(pairs)
}

function milliseconds(nanoseconds: unknown): number {
  assert.match(nanoseconds as string, /^\d{18,20}$|^\d{1,15}000000$/, '64-bit integers are text')
  return Number(BigInt(nanoseconds as string) / 1_000_000n)
}

function only(message: unknown, names: readonly string[]): Record<string, unknown> {
  assert.ok(typeof message === 'object' && message !== null && !Array.isArray(message))
  for (const name of Object.keys(message)) assert.ok(names.includes(name), `"${name}" is not a field`)
  return message as Record<string, unknown>
}

function list(message: unknown): unknown[] {
  assert.ok(Array.isArray(message) && message.length > 0, 'nothing is sent where there is nothing to send')
  return message
}
