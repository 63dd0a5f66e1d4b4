/** How requests reach a registry: with `fetch`, or, where certificates are given, over HTTPS with these. */
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'

/** Encryption of the connection to a registry. All in PEM form. */
export interface RegistryTls {
  /** The certificates of the authorities to trust, instead of those that Node.js knows. */
  readonly ca?: string
  /** The client certificate, its private key, and the passphrase of the key. */
  readonly cert?: string
  readonly key?: string
  readonly passphrase?: string
  /** The name that the server's certificate must have, if not the host of its address. */
  readonly servername?: string
  /** False accepts any certificate. */
  readonly rejectUnauthorized?: boolean
}

interface HttpRequest {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  readonly body?: string
}

export interface HttpAnswer {
  readonly status: number
  readonly body: AsyncIterable<Uint8Array>
}

export type Send = (url: string, sent: HttpRequest) => Promise<HttpAnswer>

export function transport(tls: RegistryTls | undefined): Send {
  return tls ? (url, sent) => sendWith(tls, url, sent) : sendByFetch
}

async function sendByFetch(url: string, sent: HttpRequest): Promise<HttpAnswer> {
  const { status, body } = await fetch(url, sent)
  return { status, body: body ?? nothing() }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** `fetch` takes certificates only together with a package that Node.js does not export. */
function sendWith(tls: RegistryTls, url: string, { body, ...options }: HttpRequest): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>()
  const sent = request(url, { ...tls, ...options }, (answer: IncomingMessage) =>
    resolve({ status: answer.statusCode ?? 0, body: answer }),
  )
  sent.on('error', reject)
  sent.end(body)
  return promise
}
