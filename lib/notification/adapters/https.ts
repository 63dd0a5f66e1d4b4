/**
 * Sends requests to webhooks. `node:https` is all that this needs: it follows no redirects, uses no proxy by itself, and connects
 * to the addresses that a `lookup` gives it. So the name is resolved once, its addresses are checked, and one of exactly those is
 * called: a name that is resolved to something else a moment later changes nothing.
 */
import { type LookupAddress, promises } from 'node:dns'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { PostAnswer, PostRequest } from '../webhook/attempt.ts'
import { addressKind } from './addresses.ts'

interface HttpsParts {
  /** All addresses of a name. */
  readonly resolve?: (host: string) => Promise<readonly LookupAddress[]>
  /** The certificate authorities; those that Node trusts by default. */
  readonly ca?: string
}

/**
 * The status decides, without waiting for the body. The body is read for this long, in milliseconds, up to this size, in bytes,
 * and discarded, so that a receiver is not cut off while it writes.
 */
const DRAIN_MS = 1_000
const DRAIN_BYTES = 16 * 1024

/** Makes a function that sends a request. It never rejects, and never takes longer than the request's time-out. */
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
      const target = targetOf(url)
      if (typeof target === 'string') return refused(target)
      const addresses = target.family === 0 ? await resolve(target.host) : [target.literal]
      const reason = whyNot(addresses, target.isTls, allowPrivate)
      timeout.throwIfAborted()
      return reason === undefined ? send(target, request, addresses, ca, timeout) : refused(reason)
    })()
    return Promise.race([answer.catch(noAnswer), late])
  }
}

interface Target {
  readonly isTls: boolean
  readonly host: string
  readonly port: string
  readonly path: string
  /** 0 for a name. */
  readonly family: number
  readonly literal: LookupAddress
}

/** Where a request goes to, or why it cannot go there. */
function targetOf(url: string): Target | string {
  if (!URL.canParse(url)) return 'its address cannot be read'
  const { protocol, hostname, port, pathname, search } = new URL(url)
  if (protocol !== 'https:' && protocol !== 'http:') return 'its address must begin with https://'
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const family = isIP(host)
  const literal = { address: host, family }
  return { isTls: protocol === 'https:', host, port, path: `${pathname}${search}`, family, literal }
}

async function send(
  { isTls, host, port, path }: Target,
  { headers, body }: PostRequest,
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
    lookup: onlyThese(addresses),
    // A connection of its own, and none that a proxy of the environment has set up.
    agent: false,
    signal,
    ...(ca === undefined ? {} : { ca }),
  })
  request.on('error', reject)
  request.on('response', response => {
    const { statusCode = 0, headers: answered } = response
    const retryAfter = answered['retry-after']
    resolve({ kind: 'status', status: statusCode, ...(retryAfter === undefined ? {} : { retryAfter }) })
    void drained(response, signal).then(() => request.destroy())
  })
  request.end(body)
  return promise
}

function whyNot(
  addresses: readonly LookupAddress[],
  isTls: boolean,
  allowPrivate: boolean,
): string | undefined {
  const kinds = new Set(addresses.map(({ address }) => addressKind(address)))
  if (kinds.size === 0) return 'its name has no address'
  if (kinds.has('never'))
    return 'its name leads to an address that is never called (link-local, metadata or reserved)'
  if (kinds.has('private') && !allowPrivate)
    return 'its name leads to a private address, and the receiver does not have allowPrivate: true'
  if (!isTls && kinds.has('public')) return 'its address is public, so it must begin with https://'
  return undefined
}

/** A `lookup` that knows the checked addresses alone. */
function onlyThese(addresses: readonly LookupAddress[]): LookupFunction {
  const [first] = addresses
  return (_, { all }, callback) => {
    if (all) callback(null, [...addresses])
    else callback(null, first?.address ?? '', first?.family)
  }
}

function lookUpAll(host: string): Promise<LookupAddress[]> {
  return promises.lookup(host, { all: true })
}

/** Resolves when the answer is over, or has been read far enough. Its content is thrown away. */
function drained(response: IncomingMessage, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, DRAIN_MS)
  let bytes = 0
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > DRAIN_BYTES) resolve()
  })
  response
    .on('close', resolve)
    .on('end', resolve)
    .on('error', () => resolve())
  signal.addEventListener('abort', () => resolve(), { once: true })
  return promise.finally(() => clearTimeout(timer))
}

function refused(why: string): PostAnswer {
  return { kind: 'refused', why }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name cannot be resolved',
  EAI_AGAIN: 'its name cannot be resolved',
  ECONNREFUSED: 'refuses connections',
  ECONNRESET: 'closed the connection without an answer',
  EPIPE: 'closed the connection without an answer',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached',
}

/** Only the code is used: messages of errors can contain parts of the address. */
function noAnswer(error: NodeJS.ErrnoException): PostAnswer {
  const { code = error.name } = error
  const said =
    REASONS[code] ??
    (/CERT|SELF_SIGNED|UNABLE_TO_/.test(code) ? 'has a certificate that is not accepted' : 'failed')
  return { kind: 'no-answer', why: `${said} (${code})`, timedOut: code === 'ETIMEDOUT' }
}
