/** Requests to a schema registry, with limits for time and size. */
import { RegistryError } from './errors.ts'

/** Credentials for a registry. */
export interface RegistryLogin {
  readonly username: string
  readonly password: string
}

export interface RegistryConnection {
  /** Credentials. They take precedence over credentials in the address. */
  readonly login?: RegistryLogin
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

/** Maximum size of an answer, in bytes. It may have been compressed. */
const MAX_ANSWER = 4 * 1024 * 1024
const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json'

/**
 * Client for HTTP requests to a registry with the Confluent API. The address may contain `user:password`, which never appears in
 * messages.
 */
export class RegistryHttp {
  readonly base: string
  readonly #headers: Readonly<Record<string, string>>

  constructor(address: string, { login }: RegistryConnection = {}) {
    const url = new URL(address)
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

  /**
   * Sends a request. Returns the response, whatever its status is.
   *
   * @throws RegistryError if the response is late, too large or not JSON
   */
  async ask(path: string, { method = 'GET', body, signal }: Question): Promise<Answer> {
    const headers = { ...this.#headers, ...(body && { 'content-type': MEDIA_TYPE }) }
    try {
      const answer = await fetch(this.base + path, {
        method,
        headers,
        signal,
        ...(body && { body: JSON.stringify(body) }),
      })
      return { status: answer.status, body: JSON.parse(await answerText(answer)) as unknown }
    } catch (error) {
      throw this.unavailable(path, explain(error), { cause: error })
    }
  }

  unavailable(path: string, why: string, options?: ErrorOptions): RegistryError {
    const message = `the schema registry does not answer at ${this.base}${path}: ${why}`
    return new RegistryError('unavailable', message, { at: this.base, ...(options ?? { said: why }) })
  }
}

/** Returns a signal that aborts after `withinMs` milliseconds, but after `longestMs` at the latest. */
export function signalWithin(withinMs: number, longestMs: number): AbortSignal {
  return AbortSignal.timeout(Math.max(0, Math.ceil(Math.min(withinMs, longestMs))))
}

const TOO_LARGE = 'ERR_ANSWER_TOO_LARGE'

/** Returns true if the error means that the registry has sent a successful response above the size limit. */
export function isTooLarge(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === TOO_LARGE
}

/**
 * Reads the body of an HTTP response, which `fetch` decompresses, up to 4 MiB.
 *
 * @throws Error for a longer body
 */
export async function answerText({ body, status }: HttpAnswer): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.length
    if (bytes > MAX_ANSWER) {
      const error = new Error(`its answer has more than ${MAX_ANSWER} bytes`)
      // A response with another status may be an error page of a server between this client and the registry.
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

interface HttpAnswer {
  readonly status: number
  readonly body: AsyncIterable<Uint8Array> | null
}
