/** A console without servers, which are not needed for refusals. */
import type { Hono } from 'hono'
import { type Access, createLocalAccess } from '../../../../console/access/access.ts'
import { createConsoleApp } from '../../../../console/app.ts'
import { createConsoleEnvironment } from '../../../../console/environment.ts'
import type { ConsoleHono, Person, Role } from '../../../../console/http/person.ts'
import { buildPageFiles } from '../../../../console/page-files.ts'
import { readConfig } from '../../../../control/environment/config.ts'

export const TOKEN = 'a-token-that-nobody-guesses'
export const BASE = 'http://127.0.0.1:8050'

/** Nothing listens there. */
const NOWHERE = { KAFKA_BROKERS: '127.0.0.1:1', REDIS_URL: 'redis://127.0.0.1:1' }

export function createConsole(access: Access) {
  const failures: unknown[] = []
  const config = readConfig({ SLUICE_ENV: 'test', ...NOWHERE })
  const environment = createConsoleEnvironment({ config, functions: [], isLocal: true })
  const page = buildPageFiles({ script: 'console.log(1)', style: 'p {}' })
  const app = createConsoleApp({
    environment,
    page,
    access,
    reportError: () => {},
    reportFailedSignIn: failed => failures.push(failed),
  })
  return {
    app,
    page,
    failures,
    /** A request as a program makes it, unless headers say otherwise. */
    ask: (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
      app.fetch(
        new Request(`${BASE}${path}`, { ...init, headers: { host: new URL(BASE).host, ...headers } }),
      ),
  }
}

/** Answer of the API. */
export interface ApiAnswer {
  readonly message: string
  readonly person: Person
  readonly isLocal: boolean
}

export async function readJson(response: Response): Promise<ApiAnswer> {
  return (await response.json()) as ApiAnswer
}

/** Each route once, as `GET /api/environment`. */
export function listRoutes(app: Hono<ConsoleHono>): string[] {
  const routes = app.routes.filter(({ method }) => method !== 'ALL')
  return [...new Set(routes.map(({ method, path }) => `${method} ${path}`))]
}

export function localConsole(role: Role = 'operator') {
  return createConsole(createLocalAccess(TOKEN, { name: 'ada', role }))
}
