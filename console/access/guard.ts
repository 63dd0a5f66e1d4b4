/** Middleware that runs before all routes: rejects cross-site requests and identifies the caller. */
import type { Context, MiddlewareHandler } from 'hono'
import { getCookie } from 'hono/cookie'
import { secureHeaders } from 'hono/secure-headers'
import type { ConsoleHono } from '../http/person.ts'
import { ProblemError } from '../http/problem.ts'
import type { Access } from './access.ts'
import type { FailedSignIns } from './failed-sign-ins.ts'

/** Returns middleware that rejects cross-site requests. @throws ProblemError for a request from another site */
export function rejectForeignRequests(access: Access): MiddlewareHandler {
  return async (context, next) => {
    const { req } = context
    const url = new URL(req.url)
    const refusal = findRefusal(
      {
        method: req.method,
        url,
        path: req.path,
        // HTTP/2 has no header for it.
        host: req.header('host') ?? url.host,
        origin: req.header('origin'),
        site: req.header('sec-fetch-site'),
        // Where no token is asked for, only JSON is taken, which other sites cannot send either.
        hasBearer: readToken(context) !== undefined || access.isOpen,
      },
      access,
    )
    if (refusal !== undefined) throw new ProblemError('forbidden', refusal)
    await next()
  }
}

/**
 * Returns whether the caller has the token or a valid session, and sets `person`. An unknown token counts as a failed sign-in.
 */
export async function identifyCaller(
  context: Context<ConsoleHono>,
  access: Access,
  failed: FailedSignIns,
): Promise<boolean> {
  const isIdentified = isSignedIn(context, access)
  if (isIdentified) context.set('person', access.person)
  else if (readToken(context) !== undefined) await failed.add(context)
  return isIdentified
}

/** Rejects callers that are not signed in. @throws ProblemError for such a caller */
export function requireSignIn(access: Access, failed: FailedSignIns): MiddlewareHandler<ConsoleHono> {
  return async (context, next) => {
    if (!(await identifyCaller(context, access, failed)))
      throw new ProblemError(
        'signed-out',
        'You are not signed in, or your session has ended. Reload the page to sign in.',
      )
    await next()
  }
}

/** Rejects scrapes without the token of the metrics, which may also be that of the console. @throws ProblemError */
export function requireMetricsToken(access: Access, failed: FailedSignIns): MiddlewareHandler<ConsoleHono> {
  return async (context, next) => {
    const token = readToken(context)
    const isAllowed = token === undefined ? access.metrics.isOpen : access.metrics.isToken(token)
    if (isAllowed || (await identifyCaller(context, access, failed))) return next()
    throw new ProblemError(
      'signed-out',
      'Metrics need their token in the header "Authorization: Bearer …": SLUICE_METRICS_TOKEN of the console.',
    )
  }
}

/** Returns the content of the session cookie; empty without one. */
export function readSessionCookie(context: Context, access: Access): string {
  return getCookie(context, access.cookieName) ?? ''
}

/** Returns whether a request has the token in the `Authorization` header or, without such a header, a session in its cookie. */
function isSignedIn(context: Context, access: Access): boolean {
  if (access.isOpen) return true
  const token = readToken(context)
  if (token !== undefined) return access.isToken(token)
  return access.sessions.isValid(readSessionCookie(context, access))
}

/** Returns the bearer token, or the password of basic authentication, which clients of ksqlDB send. */
function readToken(context: Context): string | undefined {
  const [, scheme = '', sent] =
    /^(Bearer|Basic) +(\S+)$/i.exec(context.req.header('authorization') ?? '') ?? []
  if (!/basic/i.test(scheme)) return sent
  return /:(.+)$/s.exec(Buffer.from(sent ?? '', 'base64').toString())?.[1]
}

/** Properties of a request that show which site sent it. */
export interface Origins {
  readonly method: string
  readonly url: URL
  /** Path of the request, decoded. */
  readonly path: string
  readonly host: string | undefined
  readonly origin: string | undefined
  /** `Sec-Fetch-Site` header. All current browsers send it, and pages cannot set it. */
  readonly site: string | undefined
  /** True if the request has a bearer token. Other sites cannot add one, because the console allows no cross-origin requests. */
  readonly hasBearer: boolean
}

const READING = new Set(['GET', 'HEAD'])

/**
 * Returns the reason why a request is rejected, undefined if it is accepted.
 *
 * The host must be one of the console's own names. Otherwise another site could resolve its own host name to this machine, and the
 * browser would treat its requests as same-origin. A request that changes something must be sent by the console's page or have a
 * bearer token. A request that reads from the API, or metrics, is also rejected if another site sent it. That site could not see the response,
 * but the console would query Kafka for it.
 */
export function findRefusal(origins: Origins, access: Pick<Access, 'isOwnHost'>): string | undefined {
  const { host, url, origin } = origins
  if (host === undefined || !access.isOwnHost(host))
    return `The console does not answer to the host "${encodeURI((host ?? '').slice(0, 100).toWellFormed())}" of the request. Use the URL that it printed; behind a proxy: docs/console.md.`
  if (origin !== undefined && origin !== url.origin) return FOREIGN
  return READING.has(origins.method) ? findReadRefusal(origins) : findChangeRefusal(origins)
}

const FOREIGN = 'The request comes from another site. The console accepts requests from its own pages only.'

/**
 * Returns the reason why a read request is rejected. Links on other sites may open pages of the console, but must not call its API.
 */
function findReadRefusal({ path, site }: Origins): string | undefined {
  const isOwn = site === undefined || site === 'same-origin' || site === 'none'
  return isOwn || !(path.startsWith('/api/') || path === '/metrics') ? undefined : FOREIGN
}

function findChangeRefusal({ origin, site, hasBearer }: Origins): string | undefined {
  if (site !== undefined) return site === 'same-origin' ? undefined : FOREIGN
  // Older browsers do not send `Sec-Fetch-Site`, but they send `Origin` with every request that changes something.
  return origin !== undefined || hasBearer
    ? undefined
    : 'A change must come from a page of the console, or have a token in the header "Authorization: Bearer …".'
}

/**
 * Sets security headers. They allow only the console's own scripts and styles, forbid frames, and send no `Referer` to other sites.
 */
export function setSecurityHeaders(): MiddlewareHandler {
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      connectSrc: ["'self'"],
      // Style sheets embed their images as data URLs.
      imgSrc: ["'self'", 'data:'],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
      baseUri: ["'none'"],
    },
    xFrameOptions: 'DENY',
    // `no-referrer` would also remove the `Origin` of forms, which is needed to recognize the console's own pages.
    referrerPolicy: 'same-origin',
    // The console is served over HTTP.
    strictTransportSecurity: false,
    permissionsPolicy: { camera: false, geolocation: false, microphone: false, payment: false, usb: false },
  })
}
