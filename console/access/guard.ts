/** Stands before everything: refuses foreign requests, and finds out who asks. */
import type { Context, MiddlewareHandler } from 'hono'
import { getCookie } from 'hono/cookie'
import { ProblemError } from '../api/problem.ts'
import type { Access } from './access.ts'
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

/** Who asks, by the token in a header or the cookie; undefined if nobody is signed in. */
export async function personOf(context: Context, access: Access): Promise<Person | undefined> {
  const token = bearerOf(context) ?? getCookie(context, access.cookieFor(new URL(context.req.url)))
  return token ? access.personWith(token) : undefined
}

/** Lets in who is signed in, and sets `person`. @throws ProblemError for all others */
export function signedIn(access: Access): MiddlewareHandler<ConsoleHono> {
  return async (context, next) => {
    const person = await personOf(context, access)
    if (!person)
      throw new ProblemError(
        'signed-out',
        'You are not signed in, or no longer. Load the page again to sign in.',
      )
    context.set('person', person)
    await next()
  }
}

function bearerOf(context: Context): string | undefined {
  return /^Bearer +(\S+)$/i.exec(context.req.header('authorization') ?? '')?.[1]
}
