/** Requests to a schema registry, bounded in time and size. */
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { RegistryError } from './errors.ts'

/** User and password of a registry. */
export interface RegistryLogin {
  readonly username: string
  readonly password: string
}

export interface RegistryConnection {
  /** Used instead of the login in the address. */
  readonly login?: RegistryLogin
  /** Used for an address with `https:`. */
  readonly tls?: RegistryTls
}

interface Question {
  readonly method?: string
  readonly body?: object | undefined
  readonly signal: AbortSignal
}

interface Answer {
  readonly status: number
  readonly body: unknown
}

const MAX_ANSWER = 4 * 1024 * 1024
const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json'

/** Requests to a registry with the Confluent API. The address may contain `user:password`, which no message shows. */
export class RegistryHttp {
  readonly base: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #send: Send

  constructor(address: string, { login, tls }: RegistryConnection = {}) {
    const url = new URL(address)
    this.#send = transport(url.protocol === 'https:' ? tls : undefined)
    const { username, password } = login ?? {
      username: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
    }
    const credentials = `${username}:${password}`
    this.#headers = {
      accept: `${MEDIA_TYPE}, application/json`,
      ...(credentials !== ':' && {
        authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
      }),
    }
    url.username = ''
    url.password = ''
    this.base = url.href.replace(/\/+$/, '')
  }

  /** Returns the answer, whatever its status. @throws RegistryError if it is late, too large or not JSON */
  async ask(path: string, { method = 'GET', body, signal }: Question): Promise<Answer> {
    const headers = { ...this.#headers, ...(body && { 'content-type': MEDIA_TYPE }) }
    try {
      const answer = await this.#send(this.base + path, {
        method,
        headers,
        signal,
        ...(body && { body: JSON.stringify(body) }),
      })
      return { status: answer.status, body: JSON.parse(await textOf(answer)) as unknown }
    } catch (error) {
      throw this.unavailable(path, explain(error), { cause: error })
    }
  }

  unavailable(path: string, why: string, options?: ErrorOptions): RegistryError {
    const message = `the schema registry has no answer at ${this.base}${path}: ${why}`
    return new RegistryError('unavailable', message, options)
  }
}

/** Ends a request after `withinMs` milliseconds, at most `longestMs`. */
export function signalWithin(withinMs: number, longestMs: number): AbortSignal {
  return AbortSignal.timeout(Math.max(0, Math.ceil(Math.min(withinMs, longestMs))))
}

const TOO_LARGE = 'ERR_ANSWER_TOO_LARGE'

/** Returns whether a registry that works has sent more than is read of an answer. */
export function isTooLarge(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === TOO_LARGE
}

async function textOf({ body, status }: HttpAnswer): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > MAX_ANSWER) {
      const error = new Error(`its answer has more than ${MAX_ANSWER} bytes`)
      // The page of an error may be from a server between here and the registry.
      throw status >= 200 && status < 300 ? Object.assign(error, { code: TOO_LARGE }) : error
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function explain(error: unknown): string {
  const { message, cause } = error instanceof Error ? error : new Error(String(error))
  return cause instanceof Error ? `${message} (${cause.message})` : message
}

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

interface HttpAnswer {
  readonly status: number
  readonly body: AsyncIterable<Uint8Array>
}

type Send = (url: string, sent: HttpRequest) => Promise<HttpAnswer>

function transport(tls: RegistryTls | undefined): Send {
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
