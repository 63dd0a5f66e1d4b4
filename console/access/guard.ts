/** Stands before everything: refuses foreign requests, and finds out who asks. */
import type { Context, MiddlewareHandler } from 'hono'
import { getCookie } from 'hono/cookie'
import { secureHeaders } from 'hono/secure-headers'
import { ProblemError } from '../api/problem.ts'
import type { Access } from './access.ts'
import type { FailedSignIns } from './failed-sign-ins.ts'
import type { ConsoleHono, Person } from './person.ts'

/** @throws ProblemError for requests that come from elsewhere */
export function ownRequests(access: Access): MiddlewareHandler {
  return async (context, next) => {
    const { req } = context
    const refusal = refusalOf(
      {
        method: req.method,
        url: new URL(req.url),
        path: req.path,
        host: req.header('host'),
        origin: req.header('origin'),
        site: req.header('sec-fetch-site'),
        hasBearer: bearerOf(context) !== undefined,
      },
      access,
    )
    if (refusal !== undefined) throw new ProblemError('forbidden', refusal)
    await next()
  }
}

/** Identifies the caller and sets `person`; undefined without a session. An unknown token is a failed sign-in. */
export async function whoAsks(
  context: Context<ConsoleHono>,
  access: Access,
  failed: FailedSignIns,
): Promise<Person | undefined> {
  const person = await personOf(context, access)
  if (person) context.set('person', person)
  else if (bearerOf(context) !== undefined) await failed.add(context)
  return person
}

/** Lets in who is signed in, and sets `isStillSignedIn`. @throws ProblemError for all others */
export function signedIn(access: Access, failed: FailedSignIns): MiddlewareHandler<ConsoleHono> {
  return async (context, next) => {
    if (!(await whoAsks(context, access, failed)))
      throw new ProblemError(
        'signed-out',
        'You are not signed in, or no longer. Load the page again to sign in.',
      )
    context.set('isStillSignedIn', () =>
      personOf(context, access).then(
        person => person !== undefined,
        () => false,
      ),
    )
    await next()
  }
}

/** The text of the session in the cookie. */
export function sessionOf(context: Context, access: Access): string | undefined {
  return getCookie(context, access.cookieFor(new URL(context.req.url)))
}

/** Identifies the person by the token in a header, or by the session in the cookie. */
async function personOf(context: Context, access: Access): Promise<Person | undefined> {
  const token = bearerOf(context)
  if (token !== undefined) return access.personWith(token)
  const session = sessionOf(context, access)
  return session ? access.personIn(session) : undefined
}

function bearerOf(context: Context): string | undefined {
  return /^Bearer +(\S+)$/i.exec(context.req.header('authorization') ?? '')?.[1]
}

/** Facts of a request about its origin. */
export interface Origins {
  readonly method: string
  readonly url: URL
  /** Path as in the routes, without percent signs. */
  readonly path: string
  readonly host: string | undefined
  readonly origin: string | undefined
  /** `Sec-Fetch-Site`, which all present browsers send and no page can set. */
  readonly site: string | undefined
  /** Whether it carries a bearer token: no foreign page can add one, as the console allows no origin but its own. */
  readonly hasBearer: boolean
}

const READING = new Set(['GET', 'HEAD'])

/**
 * Why the request is not answered, in a sentence; undefined if it is.
 *
 * The host must be the console's own: else a foreign name that leads to this machine makes a foreign page the console's own. A
 * change must come from the console's page or carry a bearer token; a question to the API, too, must not come from a foreign page:
 * it could not read the answer, but it would have Kafka read.
 */
export function refusalOf(asked: Origins, access: Pick<Access, 'isOwnHost'>): string | undefined {
  const { host, url, origin } = asked
  if (host === undefined || !access.isOwnHost(host, url))
    return 'The console is asked under a name that is not its own: use the address that it was opened with.'
  if (origin !== undefined && origin !== url.origin) return FOREIGN
  return READING.has(asked.method) ? refusedQuestion(asked) : refusedChange(asked)
}

const FOREIGN = 'The console takes requests from its own pages only, and this one comes from another.'

/** A link on a foreign page may lead to a page of the console, and to nothing else. */
function refusedQuestion({ path, site }: Origins): string | undefined {
  const isOwn = site === undefined || site === 'same-origin' || site === 'none'
  return isOwn || !path.startsWith('/api/') ? undefined : FOREIGN
}

function refusedChange({ origin, site, hasBearer }: Origins): string | undefined {
  if (site !== undefined) return site === 'same-origin' ? undefined : FOREIGN
  // Older browsers send at least the origin with a change.
  return origin !== undefined || hasBearer
    ? undefined
    : 'A change must come from a page of the console, or carry its token: Authorization: Bearer ….'
}

/** Two years, as the lists of browsers ask for. */
const HTTPS_FOR_S = 2 * 365 * 24 * 60 * 60

/** Scripts and styles of the console itself and nothing else; no frames; no address of the console for other sites. */
export function safeHeaders({ isSecure }: Pick<Access, 'isSecure'>): MiddlewareHandler {
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      connectSrc: ["'self'"],
      // Pictures in style sheets are part of them.
      imgSrc: ["'self'", 'data:'],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
      baseUri: ["'none'"],
    },
    xFrameOptions: 'DENY',
    // `no-referrer` would hide the origin of a form, too, and the console could not recognize its own.
    referrerPolicy: 'same-origin',
    strictTransportSecurity: isSecure ? `max-age=${HTTPS_FOR_S}` : false,
    permissionsPolicy: { camera: false, geolocation: false, microphone: false, payment: false, usb: false },
  })
}
