/**
 * Sends requests to webhooks with `node:https`, which does not follow redirects and uses no proxy by default. The host name is
 * resolved once, and its addresses are checked. A `lookup` function returns only these addresses, so the connection uses them even
 * if the name resolves to other addresses a moment later.
 */
import { type LookupAddress, promises } from 'node:dns'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { PostAnswer, PostRequest } from '../webhook/attempt.ts'
import { addressKind } from './addresses.ts'

interface HttpsParts {
  /** Resolves a host name to all its addresses. */
  readonly resolve?: (host: string) => Promise<readonly LookupAddress[]>
  /** Certificate authorities in PEM format. Defaults to the authorities that Node.js trusts. */
  readonly ca?: string
}

/**
 * Limits for reading the response body, in milliseconds and bytes. The body is read even if it is discarded, so that the receiver is
 * not disconnected while it sends the body.
 */
const BODY_MS = 1_000
const BODY_BYTES = 16 * 1024

/** Returns a function that sends a request. The function never rejects, and never takes longer than the timeout of the request. */
export function httpsPost({
  resolve = lookUpAll,
  ca,
}: HttpsParts = {}): (request: PostRequest) => Promise<PostAnswer> {
  return async request => {
    const { url, timeoutMs, allowPrivate } = request
    const { promise: late, resolve: tooLate } = Promise.withResolvers<PostAnswer>()
    const timeout = AbortSignal.timeout(timeoutMs)
    const onTimeout = () =>
      tooLate({ kind: 'no-answer', why: `did not answer within ${timeoutMs / 1_000} s`, timedOut: true })
    timeout.addEventListener('abort', onTimeout)
    const answer = (async (): Promise<PostAnswer> => {
      const target = parseTarget(url)
      if (typeof target === 'string') return createRefusal(target)
      const addresses = target.family === 0 ? await resolve(target.host) : [target.literal]
      const reason = findRefusalReason(addresses, target.isTls, allowPrivate)
      timeout.throwIfAborted()
      return reason === undefined ? send(target, request, addresses, ca, timeout) : createRefusal(reason)
    })()
    return Promise.race([answer.catch(toNoAnswer), late])
  }
}

interface Target {
  readonly isTls: boolean
  readonly host: string
  readonly port: string
  readonly path: string
  /** Family of a literal IP address, 4 or 6; 0 for a host name. */
  readonly family: number
  readonly literal: LookupAddress
}

/** Returns the target of a request, or the reason why the URL is not allowed. */
function parseTarget(url: string): Target | string {
  if (!URL.canParse(url)) return 'its address cannot be read'
  const { protocol, hostname, port, pathname, search } = new URL(url)
  if (protocol !== 'https:' && protocol !== 'http:') return 'its URL must begin with https://'
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const family = isIP(host)
  const literal = { address: host, family }
  return { isTls: protocol === 'https:', host, port, path: `${pathname}${search}`, family, literal }
}

async function send(
  { isTls, host, port, path }: Target,
  { headers, body, readsBody }: PostRequest,
  addresses: readonly LookupAddress[],
  ca: string | undefined,
  signal: AbortSignal,
): Promise<PostAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<PostAnswer>()
  const request = (isTls ? requestHttps : requestHttp)({
    host,
    ...(port === '' ? {} : { port }),
    path,
    method: 'POST',
    headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    lookup: createLookup(addresses),
    // Use a separate connection, and ignore any proxy that is configured in the environment.
    agent: false,
    signal,
    ...(ca === undefined ? {} : { ca }),
  })
  request.on('error', reject)
  request.on('response', response => {
    const { statusCode = 0, headers: answered } = response
    const retryAfter = answered['retry-after']
    const text = readBody(response, signal).finally(() => request.destroy())
    const hint = retryAfter === undefined ? {} : { retryAfter }
    resolve({ kind: 'status', status: statusCode, ...hint, ...(readsBody ? { body: text } : {}) })
  })
  request.end(body)
  return promise
}

function findRefusalReason(
  addresses: readonly LookupAddress[],
  isTls: boolean,
  allowPrivate: boolean,
): string | undefined {
  const kinds = new Set(addresses.map(({ address }) => addressKind(address)))
  if (kinds.size === 0) return 'its host name has no address'
  if (kinds.has('never'))
    return 'its host name resolves to an address that is not allowed (link-local, metadata or reserved)'
  if (kinds.has('private') && !allowPrivate)
    return 'its host name resolves to a private address; set allowPrivate: true of the receiver to allow it'
  if (!isTls && kinds.has('public')) return 'its address is public, so its URL must begin with https://'
  return undefined
}

/** Returns a `lookup` function that always returns the checked addresses. */
function createLookup(addresses: readonly LookupAddress[]): LookupFunction {
  const [first] = addresses
  return (_, { all }, callback) => {
    if (all) callback(null, [...addresses])
    else callback(null, first?.address ?? '', first?.family)
  }
}

function lookUpAll(host: string): Promise<LookupAddress[]> {
  return promises.lookup(host, { all: true })
}

/** Returns the response body as far as it has arrived when it ends or a limit for reading it is reached. Never rejects. */
function readBody(response: IncomingMessage, signal: AbortSignal): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, BODY_MS)
  const chunks: Buffer[] = []
  let bytes = 0
  response.on('data', (chunk: Buffer) => {
    if (bytes <= BODY_BYTES) chunks.push(chunk)
    bytes += chunk.length
    if (bytes > BODY_BYTES) resolve()
  })
  response
    .on('close', resolve)
    .on('end', resolve)
    .on('error', () => resolve())
  signal.addEventListener('abort', () => resolve(), { once: true })
  return promise.then(() => {
    clearTimeout(timer)
    return Buffer.concat(chunks).toString('utf8', 0, BODY_BYTES)
  })
}

function createRefusal(why: string): PostAnswer {
  return { kind: 'refused', why }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its host name cannot be resolved',
  EAI_AGAIN: 'its host name cannot be resolved',
  ECONNREFUSED: 'refuses connections',
  ECONNRESET: 'closed the connection without an answer',
  EPIPE: 'closed the connection without an answer',
  CERT_HAS_EXPIRED: 'has a certificate that has expired',
  CERT_NOT_YET_VALID: 'has a certificate that is not valid yet',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached',
}

/** Returns the result of a failed request. Only the error code is used, because error messages can contain parts of the URL. */
function toNoAnswer(error: NodeJS.ErrnoException): PostAnswer {
  const { code = error.name } = error
  const description =
    REASONS[code] ??
    (/CERT|SELF_SIGNED|UNABLE_TO_/.test(code) ? 'has a certificate that is not accepted' : 'failed')
  return { kind: 'no-answer', why: `${description} (${code})`, timedOut: code === 'ETIMEDOUT' }
}
