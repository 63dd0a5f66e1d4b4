/** The access log: who has asked what. It holds routes and no addresses, because those may name entities and hold what people search for. */
import type { Context, MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { ConsoleHono } from './person.ts'

export interface AccessLine {
  /** Name of the person; absent without a session. */
  readonly user?: string
  readonly method: string
  readonly route: string
  readonly status: number
  readonly ms: number
}

/** @param log hears of every request when it is answered */
export function accessLog(log: (line: AccessLine) => void): MiddlewareHandler<ConsoleHono> {
  return async (context, next) => {
    const beganAtMs = performance.now()
    await next()
    const person = context.get('person')
    log({
      ...(person && { user: person.name }),
      method: context.req.method,
      route: routeOf(context),
      status: context.res.status,
      ms: Math.round(performance.now() - beganAtMs),
    })
  }
}

/** The route of a request as it is declared, such as `/api/kafka/topics/:topic`; of a refused one, what has refused it. */
export function routeOf(context: Context<ConsoleHono>): string {
  return routePath(context)
}
