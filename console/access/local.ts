/** On this machine, who has the printed address may do everything: its token becomes a cookie, and the address is clean again. */
import { timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { ProblemError } from '../api/problem.ts'
import type { ConsoleHono, Person } from './person.ts'

const COOKIE = 'sluice-console'

/** @param token of the printed address, `/?token=…` */
export function localGuard(token: string, person: Person): MiddlewareHandler<ConsoleHono> {
  return async (context, next) => {
    const url = new URL(context.req.url)
    const given = url.searchParams.get('token')
    if (given !== null && isEqual(given, token)) {
      setCookie(context, COOKIE, token, { httpOnly: true, sameSite: 'Strict', path: '/' })
      url.searchParams.delete('token')
      return context.redirect(`${url.pathname}${url.search}`)
    }
    const bearer = context.req.header('authorization')?.replace(/^Bearer /, '')
    if (!isEqual(getCookie(context, COOKIE) ?? bearer ?? '', token))
      throw new ProblemError(
        'signed-out',
        'Open the address that `npm start` or `sluice console` has printed.',
      )
    context.set('person', person)
    return next()
  }
}

function isEqual(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)]
  return a.length === b.length && timingSafeEqual(a, b)
}
