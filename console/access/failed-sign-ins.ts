/** Failed sign-ins: who tries tokens is answered late, and seen. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Context, MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import { ProblemError } from '../api/problem.ts'
import type { ConsoleHono } from './person.ts'

const LATELY_MS = 60_000
const FIRST_DELAY_MS = 250
const MAX_DELAY_MS = 1_000
/** Answers that are held back at once, so that they take no room from others. */
const MAX_WAITING = 5

interface Options {
  readonly told: (failed: { readonly route: string }) => void
  readonly now?: () => number
  readonly wait?: (ms: number) => Promise<void>
}

/** Counts the failed sign-ins of this process. */
export class FailedSignIns {
  readonly #options: Required<Options>
  #atMs: readonly number[] = []
  #waiting = 0

  constructor(options: Options) {
    this.#options = { now: Date.now, wait: async ms => void (await pause(ms)), ...options }
  }

  /** Reports an unknown token, and waits. @throws ProblemError if too many wait already */
  async add(context: Context<ConsoleHono>): Promise<void> {
    const { told, now, wait } = this.#options
    if (this.#waiting >= MAX_WAITING)
      throw new ProblemError('busy', 'Too many sign-ins have failed. Try again in a moment.')
    const nowMs = now()
    this.#atMs = this.#atMs.filter(atMs => atMs > nowMs - LATELY_MS).slice(-MAX_WAITING)
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** this.#atMs.length, MAX_DELAY_MS)
    this.#atMs = [...this.#atMs, nowMs]
    told({ route: routeOf(context) })
    this.#waiting += 1
    await wait(delayMs).finally(() => {
      this.#waiting -= 1
    })
  }
}

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
function routeOf(context: Context<ConsoleHono>): string {
  return routePath(context)
}
