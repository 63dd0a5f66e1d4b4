/** Stands before everything: refuses foreign requests, and finds out who asks. */
import type { Context, MiddlewareHandler } from 'hono'
import { getCookie } from 'hono/cookie'
import { ProblemError } from '../api/problem.ts'
import type { Access } from './access.ts'
import type { FailedSignIns } from './failed-sign-ins.ts'
import type { ConsoleHono, Person } from './person.ts'
import { refusalOf } from './requests.ts'

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
