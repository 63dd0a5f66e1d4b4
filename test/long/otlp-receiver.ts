/** OTLP/HTTP collector for JSON on the loopback address, for spans of other processes. */
import { json } from 'node:stream/consumers'
import { type HttpServer, startHttpServer } from '@sluice/test-kit/http-server'

export interface ReceivedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly name: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly linkedTraces: readonly string[]
}

export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = []
  #server: HttpServer | undefined

  static async start(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver()
    receiver.#server = await startHttpServer(async (request, response) => {
      const { resourceSpans } = (await json(request)) as Message
      const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
      receiver.spans.push(...spans.map(decodeSpan))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
    return receiver
  }

  get endpoint(): string {
    return this.#server?.url ?? ''
  }

  async stop(): Promise<void> {
    await this.#server?.close()
  }
}

interface Message {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[]
  }[]
}

interface SentSpan extends Omit<ReceivedSpan, 'attributes' | 'linkedTraces'> {
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[]
  readonly links: readonly { readonly traceId: string }[]
}

function decodeSpan({ links, attributes, ...span }: SentSpan): ReceivedSpan {
  const values = attributes.map(({ key, value }) => [key, Object.values(value)[0]])
  return {
    ...span,
    attributes: Object.fromEntries(values),
    linkedTraces: links.map(({ traceId }) => traceId),
  }
}
