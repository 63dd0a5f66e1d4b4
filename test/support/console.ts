/** Serves the console for a test on a free port. */
import { randomBytes } from 'node:crypto'
import { brokers, redisUrl } from '@sluice/test-kit/servers'
import type { Hono } from 'hono'
import { createLocalAccess, createMetricsAccess } from '../../console/access/access.ts'
import { createConsoleApp } from '../../console/app.ts'
import { type ConsoleEnvironment, createConsoleEnvironment } from '../../console/environment.ts'
import type { ConsoleHono, Person } from '../../console/http/person.ts'
import { serveConsole } from '../../console/serve.ts'
import { readConfig } from '../../control/environment/config.ts'
import { readFunctions } from '../../control/environment/function-entries.ts'
import { buildConsolePage } from '../../infra/packaging/console-page.ts'

export interface ServedConsole {
  readonly app: Hono<ConsoleHono>
  readonly environment: ConsoleEnvironment
  /** Returns the URL for a user with the token. @param path path with its query, such as `/alerts?state=firing` */
  address(path?: string): string
  /** Returns a response of the API as JSON. @throws Error if the request fails */
  ask<T>(path: string): Promise<T>
  /** Sends a request to the API with the token. */
  request(path: string, init?: RequestInit): Promise<Response>
  close(): Promise<void>
}

interface Options {
  /** Name of the environment, as in `SLUICE_ENV`. */
  readonly env: string
  readonly person?: Person
  readonly isLocal?: boolean
  readonly variables?: Readonly<Record<string, string>>
}

const OPERATOR: Person = { name: 'ada', role: 'operator' }

export async function servedConsole(options: Options): Promise<ServedConsole> {
  const { env, person = OPERATOR, isLocal = true, variables = {} } = options
  const servers = { KAFKA_BROKERS: brokers().join(','), REDIS_URL: redisUrl() }
  const config = readConfig({ SLUICE_ENV: env, ...servers, ...variables })
  const environment = createConsoleEnvironment({
    config,
    functions: readFunctions(),
    isLocal,
  })
  const token = randomBytes(8).toString('hex')
  const faults: unknown[] = []
  const app = createConsoleApp({
    environment,
    page: await buildConsolePage(),
    access: createLocalAccess(token, person, [], createMetricsAccess('127.0.0.1')),
    reportError: error => faults.push(error),
    reportFailedSignIn: () => {},
  })
  const served = await serveConsole(app, 0)
  const base = `http://127.0.0.1:${served.port}`
  const request = (path: string, init: RequestInit = {}) =>
    fetch(`${base}/api${path}`, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } })
  return {
    app,
    environment,
    address: (path = '/') => `${base}${path}${path.includes('?') ? '&' : '?'}token=${token}`,
    request,
    async ask(path) {
      const response = await request(path)
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
      return (await response.json()) as never
    },
    async close() {
      await served.close()
      await environment.close()
      if (faults.length > 0) throw new AggregateError(faults, 'The console has failed')
    },
  }
}
